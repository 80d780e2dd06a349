// The pages that say how things stand (result, kind, check of a receipt), for browsers with scripts:
// they ask again by themselves. Without it the same pages work by links, forms and refreshes.
"use strict";
const D = document, W = window, $ = id => D.getElementById(id);
const path = location.pathname, home = path.replace(/\/(pay|ask|abandon|continue)$/, "").replace(/^\/3ds/, "/r");
D.documentElement.classList.add("on");

// A reload must ask for the state, not send a form again; only a bank's answer that could not be
// worked on yet stays, since the page alone holds it.
if (home != path && !$("again")) history.replaceState(null, "", home + "?lang=" + D.documentElement.lang);
// Back may show this page as it was left: ask the server how things stand now.
W.addEventListener("pageshow", e => e.persisted && location.reload());

// Waiting for the bank: ask with growing pauses.
const wait = D.querySelector("[data-poll]");
if (wait) {
	let pause = 1200;
	const again = () => setTimeout(ask, pause = Math.min(pause * 1.4, 3e4));
	const ask = () => fetch(wait.dataset.poll, {headers: {accept: "application/json"}}).then(r => r.json()).then(
		s => s.status && s.status != wait.dataset.status ? location.reload() : again()).catch(again);
	again();
}

// Pages that try again by themselves.
const retry = D.querySelector("[data-retry]");
if (retry) setTimeout(() => $("again") ? $("again").submit() : location.replace(retry.dataset.to || location.href), retry.dataset.retry * 1e3);

const print = $("print"), shop = $("shop");
if (print) print.onclick = () => W.print();
if (shop && shop.dataset.say) {
	let n = 5;
	const soon = $("soon"), count = () => soon.firstElementChild.textContent = shop.dataset.say.replace("{n}", n);
	const tick = setInterval(() => {
		if (n-- > 1) return count();
		clearInterval(tick);
		location.href = shop.href;
	}, 1e3);
	count();
	$("stay").onclick = () => { clearInterval(tick); soon.hidden = true; };
}
