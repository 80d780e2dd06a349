// The panel works without this. With it: copying says that it copied, menus close, "n" begins a link, and what
// is marked data-live is fetched again when something happened.
(() => {
  const root = document.documentElement;
  root.classList.add("on");

  // A table is copied as cells between tabs, two lines of a cell with a blank between them; what a spreadsheet would
  // calculate stays text.
  const cells = (t) => [...t.rows].map((r) => [...r.cells].map((c) => (c.innerText || c.textContent).trim().replace(/\s+/g, " ").replace(/^[=+\-@]/, "'$&")).join("\t")).join("\n");

  document.addEventListener("click", async (e) => {
    const b = e.target.closest("[data-copy]");
    if (b) {
      const from = b.dataset.copy;
      const el = from.startsWith("#") ? document.querySelector(from) : null;
      const text = el ? (el.rows ? cells(el) : el.value ?? el.innerText) : from;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const t = document.createElement("textarea");
        t.value = text;
        document.body.append(t);
        t.select();
        document.execCommand("copy");
        t.remove();
      }
      const label = b.querySelector("[data-label]") || b;
      const was = label.textContent;
      label.textContent = b.dataset.copied;
      b.setAttribute("aria-live", "polite");
      setTimeout(() => { label.textContent = was; }, 2000);
      return;
    }
    const print = e.target.closest("[data-print]");
    if (print) return window.print();
    const share = e.target.closest("[data-share]");
    if (share && navigator.share) {
      e.preventDefault();
      navigator.share({ text: share.dataset.text, url: share.dataset.share }).catch(() => {});
      return;
    }
    for (const d of document.querySelectorAll("details.pop[open]")) {
      if (!d.contains(e.target)) d.open = false;
    }
  });

  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") {
      for (const d of document.querySelectorAll("details.pop[open]")) {
        d.open = false;
        d.querySelector("summary").focus();
      }
    }
    const typing = e.target.closest("input, select, textarea, [contenteditable]");
    if (e.key === "n" && !e.ctrlKey && !e.metaKey && !e.altKey && !typing && document.body.classList.contains("in")) {
      location.href = "/panel/links/new";
    }
    if (e.key === "/" && !typing) {
      const s = document.querySelector("input[type=search]");
      if (s) { e.preventDefault(); s.focus(); }
    }
  });

  // What is looked for stands in the address: of a whole card number only what we keep of it (A32).
  document.addEventListener("submit", (e) => {
    for (const f of e.target.querySelectorAll("[data-mask-card]")) {
      const digits = f.value.replace(/[\s.-]/g, "");
      if (/^\d{15,19}$/.test(digits)) f.value = digits.slice(0, digits.length < 16 ? 6 : 8) + "****" + digits.slice(-4);
    }
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (e) => {
    if (e.target.method !== "post" || e.submitter?.formTarget) return;
    if (e.target.dataset.sent) return e.preventDefault();
    e.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => {
    for (const f of document.querySelectorAll("form[data-sent]")) delete f.dataset.sent;
  });

  // Where tabs do not fit beside each other, the one that is open comes into view.
  const tab = document.querySelector(".tabs [aria-current]");
  if (tab) tab.parentNode.scrollLeft = tab.offsetLeft - (tab.parentNode.clientWidth - tab.offsetWidth) / 2;

  // data-live="/address" is replaced by what the address answers when the events of data-events tell of a change.
  const live = document.querySelector("[data-live]");
  if (live && window.EventSource) {
    const refresh = async () => {
      const r = await fetch(live.dataset.live, { headers: { "X-Part": "1" } });
      if (r.ok && !r.redirected) live.innerHTML = await r.text();
    };
    const events = new EventSource(live.dataset.events);
    events.addEventListener("change", refresh);
    addEventListener("pagehide", () => events.close());
  }

  // data-count shows below a field what the address answers about its text (the parts of an SMS).
  for (const f of document.querySelectorAll("[data-count]")) {
    const out = document.getElementById(f.dataset.into);
    let timer;
    f.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const r = await fetch(f.dataset.count + "?text=" + encodeURIComponent(f.value));
        if (r.ok && !r.redirected) out.textContent = await r.text();
      }, 200);
    });
  }
})();
