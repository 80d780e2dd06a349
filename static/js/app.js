// The link's page and the hand-over to the bank, for browsers with scripts. Everything here is a
// convenience: without it the same pages work by links, forms and the server's answers. T holds the
// words of the page's language; see gateway/web/page. Nothing typed is ever stored or put into an
// address. The other pages have outcome.js.
"use strict";
const D = document, W = window, $ = id => D.getElementById(id), now = () => Date.now();
const fill = (s, v) => s.replace(/{(\w+)}/g, (m, k) => k in v ? v[k] : m);
const make = (tag, cls, text) => Object.assign(D.createElement(tag), {className: cls || "", textContent: text || ""});
const plural = (key, n) => fill(T[key + "." + new Intl.PluralRules(D.documentElement.lang).select(n)] || T[key + ".other"], {n});
const path = location.pathname, home = path.replace(/\/(pay|continue)$/, "");
D.documentElement.classList.add("on");

// A reload must ask for the state, not send a form again.
if (home != path) history.replaceState(null, "", home + "?lang=" + D.documentElement.lang);
// Back from the bank may show this page as it was left: ask the server how things stand now.
W.addEventListener("pageshow", e => e.persisted && (left() || location.reload()));

// The hand-over: 'back' at the bank then leads to the result, not to this form. It waits for the
// load event, since browsers drop a page from the history that goes on by itself before that; and
// as some skip it even then, the link's page remembers in this tab which payment was left (its
// number only, and nothing depends on it).
const bank = $("bank");
if (bank) {
	const result = bank.dataset.result;
	try { sessionStorage.setItem(home, result); } catch (e) {}
	history.replaceState(null, "", result);
	W.addEventListener("load", () => setTimeout(() => HTMLFormElement.prototype.submit.call(bank)));
}
function left() {
	let result;
	try { result = sessionStorage.getItem(home); } catch (e) {}
	if (result && $("pay")) location.replace(result);
	return result && $("pay");
}
if ((performance.getEntriesByType("navigation")[0] || {}).type == "back_forward") left();
// What the history brings back holds no card: the fields are empty before the page is put away.
W.addEventListener("pagehide", () => ["card_number", "card_cvc"].forEach(id => $(id) && ($(id).value = "")));

const pay = $("pay");
if (pay) checkout();

function checkout() {
	const live = $("live"), go = $("go"), rows = $("rows"), title = D.title;
	const num = $("card_number"), exp = $("card_expiry"), cvc = $("card_cvc"), amount = $("amount");
	const [left, month, currency] = pay.dataset.clock.split(" ");
	const decimals = currency == "JPY" ? 0 : 2, shown = $("cur").textContent;
	// What the page says by itself, to be said again when a number is taken back.
	const hints = ["card_number-h", "card_cvc-h", "wait"].map(id => $(id) && $(id).textContent);
	const accepted = $("marks").dataset.brands.split(" ");
	const chosen = pay.querySelector(":checked");
	let want = +(pay.dataset.keep || chosen && chosen.value || 1), busy, brand = "", last = "";

	const say = text => { live.textContent = ""; live.textContent = text; };
	// Digits of any script: full-width, Arabic-Indic and Persian ones end in their value.
	const latin = s => s.replace(/[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9]/g, c => c.charCodeAt(0) & 15);
	const digits = s => latin(s).replace(/\D/g, "");
	const money = minor => {
		const s = String(minor).padStart(decimals + 1, "0"), cut = s.length - decimals;
		return fill(T.money, {currency: shown, number: s.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, T.grp) + (decimals ? T.dec + s.slice(cut) : "")});
	};

	// name, leading digits, lengths
	const brands = [
		["visa", /^4/, [13, 16, 19]],
		["mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
		["troy", /^(9792|65)/, [16]],
		["amex", /^3[47]/, [15]],
		["maestro", /^(50|5[6-8]|6(?!011)([037]|27|4[0-3]))/],
		["", /^/]];
	const brandOf = d => brands.find(b => b[1].test(d));
	const luhn = d => [...d].reverse().reduce((sum, c, i) => sum + (i % 2 ? c * 2 - (c > 4) * 9 : +c), 0) % 10 == 0;
	// The server refuses more than this; here only what the payer can put right at once.
	const [min, max] = (pay.dataset.range || "").split(" ");
	const sum = () => {
		const m = /^(\d+|\d{1,3}(?:[.,]\d{3})+)(?:[.,](\d{1,2}))?$/.exec(latin(amount.value).replace(/\s/g, ""));
		return m && (!m[2] || decimals) ? +(m[1].replace(/\D/g, "") + (m[2] || "").padEnd(decimals, "0")) : 0;
	};
	const minor = () => sum() >= min && sum() <= max ? sum() : 0;
	// Twelve digits in a row, whatever people write between them, look like a card number.
	const card = s => /(\d[^\p{L}\d]?){11}\d/u.test(latin(s).replace(/[\s./_\p{Dash}\p{Cf}]/gu, ""));
	const checks = {
		card_number(v) {
			const d = digits(v), b = brandOf(d);
			return !d ? T.no_card_number
				: b[0] && !accepted.includes(b[0] == "maestro" ? "mastercard" : b[0]) ? fill(T.brand_not_accepted, {brand: T[b[0]]})
				: b[2] ? !b[2].includes(d.length) && T.length || !luhn(d) && T.luhn
				: (d.length < 12 || d.length > 19) && T.length || !luhn(d) && T.luhn;
		},
		card_expiry(v) {
			const m = /^(\d\d?)\s*[/.\- ]\s*(\d\d|\d{4})$|^(\d\d)(\d\d|\d{4})$/.exec(latin(v).trim());
			if (!m) return T.expiry_format;
			const mm = +(m[1] || m[3]), yy = m[2] || m[4], ym = (yy.length < 4 ? 2000 + +yy : +yy) * 100 + mm;
			return mm < 1 || mm > 12 ? T.expiry_format : ym < month ? T.expiry_past : ym > +month + 2000 && T.expiry_far;
		},
		card_cvc(v) {
			const n = brand == "amex" ? 4 : 3;
			return !v ? T.no_card_cvc : digits(v).length != n && fill(T.cvc_length, {n});
		},
		card_holder: v => card(v) && T.name_looks_like_card,
		payer_note: v => card(v) && T.note_looks_like_card,
		amount: () => minor() ? "" : sum() ? fill(T.amount_range, {min: money(min), max: money(max)}) : T.no_amount,
	};
	// What has to be agreed to. Its text opens in place, as it reads for what is chosen; where it does not come there is the link.
	pay.querySelectorAll("[data-no]").forEach(el => checks[el.id] = () => !el.checked && el.dataset.no);
	const read = () => pay.querySelectorAll(".agree [open] .words").forEach(p => {
		p.at = p.at || p.firstChild;
		const bin = digits(num.value).slice(0, 8);
		fetch(p.at.href + "&installments=" + (bin[5] ? want : 0) + "&bin=" + bin + (amount ? "&amount=" + minor() : ""), {headers: {accept: "text/plain"}})
			.then(r => r.ok ? r.text() : p.at).catch(() => p.at).then(text => p.replaceChildren(text));
	});
	pay.addEventListener("toggle", read, true);
	// A mistake takes the place of the hint and goes as soon as the field is right.
	const mark = (el, text) => {
		const id = el.id, hint = $(id + "-h");
		let p = $(id + "-e");
		if (text && !p) {
			p = make("p", "err");
			p.id = id + "-e";
			const box = hint.closest("label");
			box ? box.after(p) : (hint.closest(".say") || hint.parentNode).append(p);
		}
		if (text) {
			if (p.textContent != text) say(p.textContent = text);
			el.setAttribute("aria-invalid", "true");
		} else {
			if (p) p.remove();
			el.removeAttribute("aria-invalid");
		}
		el.setAttribute("aria-describedby", id + "-h" + (text ? " " + id + "-e" : ""));
		return text;
	};
	// What the merchant asks besides is held against the field's own attributes; the server knows more.
	pay.querySelectorAll("[data-wrong]").forEach(el => checks[el.id] = v => {
		const d = el.dataset;
		return !v.trim() ? d.none : !/tel|date/.test(el.type) && card(v) ? d.card : !el.checkValidity() && d.wrong;
	});
	const fields = [...pay.elements].filter(el => checks[el.id]);
	const check = el => mark(el, checks[el.id](el.value) || "");
	fields.forEach(el => {
		el.addEventListener("blur", () => el.value && check(el));
		el.addEventListener("input", () => el.hasAttribute("aria-invalid") && !checks[el.id](el.value) && mark(el, ""));
	});

	// The field that is being left stays under the keyboard until the click has sent the form: a mistake
	// told in between would move the button away under the finger.
	go.addEventListener("mousedown", e => e.preventDefault());

	// Groups as on the card; the caret stays behind the same digit.
	const typed = e => {
		let n = digits(num.value.slice(0, num.selectionStart)).length, d = digits(num.value).slice(0, 19);
		if (d == last && e) {
			if (e.inputType == "deleteContentBackward" && n) { d = d.slice(0, n - 1) + d.slice(n); n--; }
			if (e.inputType == "deleteContentForward") d = d.slice(0, n) + d.slice(n + 1);
		}
		last = d;
		const text = (/^3[47]/.test(d) ? d.replace(/^(.{4})(.{1,6})?(.+)?/, (m, a, b, c) => [a, b, c].filter(x => x).join(" ")) : d.replace(/(.{4})(?=.)/g, "$1 "));
		if (text != num.value) {
			num.value = text;
			if (D.activeElement == num) {
				let at = 0;
				for (; n > 0; at++) if (text[at] != " ") n--;
				num.setSelectionRange(at, at);
			}
		}
		show(brandOf(d)[0], d);
		plans();
	};
	const show = (name, d) => {
		if (name == brand) return;
		brand = name;
		const marks = $("marks"), hit = marks.querySelector("." + (name == "maestro" ? "mastercard" : name || "none"));
		marks.dataset.all = marks.dataset.all || marks.getAttribute("aria-label");
		marks.classList.toggle("one", !!hit);
		for (const m of marks.children) m.classList.toggle("hit", m == hit);
		marks.setAttribute("aria-label", T[name] || marks.dataset.all);
		$("card_number-h").textContent = T[name] || hints[0];
		$("card_cvc-h").textContent = name == "amex" ? T.cvc_amex : hints[1];
		if (name) say(T[name]);
		if (cvc.value) check(cvc);
	};
	num.addEventListener("input", typed);

	exp.addEventListener("input", e => {
		const v = latin(exp.value);
		if (e.inputType == "insertText" && /^(0[1-9]|1[0-2]|[2-9])$/.test(v)) exp.value = v.padStart(2, "0") + "/";
		else if (/\/\//.test(v)) exp.value = v.replace(/\/+/, "/");
	});

	// Instalments of exactly this card: asked at 6 and 8 digits, once for each beginning.
	const known = {};
	let asked = "", lost = "", few;
	// Space that no row will need goes when another field of the card is entered: nothing below it moves
	// by itself, and not under a finger that is on its way to the button.
	pay.addEventListener("focusin", e => few && e.target != num && e.target.closest(".card") && pay.classList.add("few"));
	const plans = () => {
		if (!rows) return;
		const d = digits(num.value), bin = d.slice(0, d.length > 7 ? 8 : d.length > 5 ? 6 : 0);
		const query = bin && "?bin=" + bin + (amount ? "&amount=" + minor() : "");
		if (query == asked) return;
		asked = query;
		if (!query || amount && !minor()) return offer();
		known[query] = known[query] || fetch(pay.action.replace(/pay$/, "installments") + query, {headers: {accept: "application/json"}})
			.then(r => r.ok && r.json()).catch(() => 0);
		// Without a network it is said, and asked again.
		known[query].then(o => query == asked && (offer(o), o || ($("wait").textContent = T.lost, setTimeout(plans, 5e3, known[query] = asked = ""))));
	};
	const offer = o => {
		const list = o && o.offers || [], first = rows.querySelector(".row"), single = first.querySelector("i");
		const hint = $("card_number-h"), tip = $("wait");
		rows.querySelectorAll(".row,.more").forEach(el => el == first || el.remove());
		rows.classList.toggle("ghost", !o);
		first.querySelector("input").value = 1;
		first.querySelector("input").checked = true;
		if (list[0]) single.textContent = money(first.firstElementChild.dataset.total = list[0].total);
		if (o && o.issuer) hint.textContent = fill(o.program ? T.card : T.card_plain, {issuer: o.issuer, program: o.program, kind: T[o.kind] || ""}).trim();
		let box = rows, kept = want < 2;
		few = o && list.length < 2;
		few || pay.classList.remove("few");
		list.slice(1).forEach((x, i) => {
			if (i == 5 && list.length > 7) {
				box = make("details", "more");
				box.append(make("summary", "", T.more));
				tip.before(box);
			}
			const row = first.cloneNode(true), [input, name, monthly, total, more] = row.children;
			const rest = x.total - x.monthly * (x.count - 1), extra = x.total - list[0].total;
			input.value = x.count;
			input.dataset.total = x.total;
			name.textContent = fill(T.count, {n: x.count});
			monthly.textContent = fill(T.monthly, {n: x.count - (rest != x.monthly), amount: money(x.monthly)});
			if (rest != x.monthly) monthly.append(make("small", "", fill(T.last, {amount: money(rest)})));
			total.textContent = money(x.total);
			more.textContent = extra > 0 ? fill(T.extra, {amount: money(extra)}) : T.free;
			input.checked = false;
			box == rows ? tip.before(row) : box.append(row);
			if (x.count == want) {
				kept = input.checked = true;
				if (box != rows) box.open = true;
			}
		});
		tip.textContent = o ? T["why_" + o.kind] || T.why_none : hints[2];
		tip.hidden = list.length > 1;
		if (o) {
			const six = o.bin.slice(0, 6);
			if (!kept) want = 1;
			// Said again when the eighth digit brings the same card's rows once more.
			lost = !kept || lost == six ? six : "";
			say((lost && T.reset + " ") + plural("found", list.length));
		}
		label();
	};
	const label = () => {
		const on = pay.querySelector("[name=installments]:checked");
		// The server compares the total that was shown with its own and asks again if they differ.
		$("seen").value = on && on.dataset.total || "";
		if (amount && !minor()) go.textContent = T.button_open;
		else if (on && on.value > 1) go.textContent = fill(T.button_count, {n: on.value, amount: on.parentNode.querySelector("i").textContent});
		else if (amount) go.textContent = fill(T.button, {amount: money(minor())});
		else if (on) go.textContent = fill(T.button, {amount: on.parentNode.querySelector("i").textContent});
	};
	pay.addEventListener("change", e => {
		if (e.target.name == "installments") {
			want = +e.target.value;
			const el = $("installments"), p = $("installments-e");
			if (p) p.remove();
			el.removeAttribute("aria-invalid");
		}
		read();
		label();
	});
	if (amount) amount.addEventListener("input", () => {
		if (rows) {
			// Rows of another amount go at once; those of this one are asked for when the field is left.
			asked = "";
			if (rows.querySelectorAll(".row")[1]) offer();
			rows.querySelector(".row i").textContent = minor() ? money(minor()) : "";
		}
		pay.querySelectorAll("[data-total]").forEach(el => delete el.dataset.total);
		label();
	});
	if (amount) amount.addEventListener("change", plans);

	pay.addEventListener("submit", e => {
		if (busy) return e.preventDefault();
		const bad = fields.filter(check);
		const old = $("errors");
		if (old) old.remove();
		if (bad.length) {
			e.preventDefault();
			const box = make("div", "notice bad"), ul = make("ul");
			box.id = "errors";
			box.tabIndex = -1;
			box.setAttribute("role", "alert");
			bad.forEach(el => {
				const a = make("a", "", $(el.id + "-e").textContent), li = make("li");
				a.href = "#" + el.id;
				li.append(a);
				ul.append(li);
			});
			box.append(make("h2", "", T.errors), ul);
			D.querySelector("main").prepend(box);
			D.title = fill(T.title_error, {title});
			box.focus();
			return;
		}
		busy = true;
		go.focus();
		go.dataset.text = go.textContent;
		go.textContent = T.busy;
		say(T.busy);
		go.setAttribute("aria-disabled", "true");
		pay.classList.add("busy");
		// A page that never came must not leave a dead button; the server lets only one payment through.
		setTimeout(() => {
			busy = false;
			go.textContent = go.dataset.text;
			go.removeAttribute("aria-disabled");
			pay.classList.remove("busy");
		}, 6e4);
	});

	// Card fields do not stay on an abandoned screen: they are cleared at the limit, which is shown
	// in its last five minutes only and can be moved until the link itself ends.
	const ends = left < 0 ? Infinity : now() + left * 1e3, renew = () => Math.min(now() + T.limit * 1e3, ends);
	let end = renew(), told = 9;
	const bar = make("p", "small mid"), text = make("span"), more = make("button", "text", T.extend);
	more.type = "button";
	more.onclick = () => { end = renew(); told = 9; go.focus(); tick(); };
	bar.append(text, more);
	bar.hidden = true;
	go.after(bar);
	const tick = () => {
		if (!D.contains(pay)) return clearInterval(clock);
		const s = Math.ceil((end - now()) / 1e3), due = [5, 2, 1].find(m => s <= m * 60 && s > m * 60 - 5 && m < told);
		bar.hidden = s > 300 || busy;
		more.hidden = end >= ends;
		text.textContent = fill(T.left, {time: (s / 60 | 0) + ":" + String(s % 60).padStart(2, "0")});
		if (due) say(plural("minutes", told = due));
		if (s > 0 || busy) return;
		clearInterval(clock);
		num.value = cvc.value = exp.value = "";
		const a = make("a", "go", T.restart), over = make("p", "strong", T.over);
		a.href = home;
		over.setAttribute("role", "alert");
		pay.replaceWith(over, a);
	};
	const clock = setInterval(tick, 1e3);

	// Some apps open links in a browser of their own that breaks bank pages.
	if (/FBA[NV]|Instagram|Line\/|WhatsApp/.test(navigator.userAgent)) {
		const tip = make("p", "small mid", T.inapp + " "), copy = make("button", "text", T.copy);
		copy.type = "button";
		copy.onclick = () => navigator.clipboard.writeText(location.origin + home).then(() => say(copy.textContent = T.copied));
		tip.append(copy);
		pay.append(tip);
	}

	// The other language keeps what was typed: the page is fetched, filled and put in place here.
	D.querySelectorAll(".lang a").forEach(a => a.onclick = e => {
		e.preventDefault();
		fetch(a.href).then(r => r.text()).then(html => {
			const page = new DOMParser().parseFromString(html, "text/html"), form = page.getElementById("pay");
			const next = make("script"), script = page.querySelector("script");
			for (const el of pay.elements) {
				const to = form.elements[el.name];
				if (to && el.id && !/radio|submit/.test(el.type)) to.value = el.value;
			}
			form.dataset.keep = want;
			D.documentElement.lang = page.documentElement.lang;
			D.documentElement.dir = page.documentElement.dir;
			D.title = page.title;
			D.body.replaceWith(page.body);
			history.replaceState(null, "", a.href);
			next.integrity = script.integrity;
			next.src = script.src;
			D.head.append(next);
		}).catch(() => location.href = a.href);
	});

	const first = $("errors") || $("notice");
	if (first) first.focus();
	// Autofill may have come before this script; a language switch brings its values along.
	if (num.value) typed();
	label();
}
