// Moves a self-submitting form on; without scripts its button does the same. A form marked data-twice is sent once more in the
// background first: the repeated callback that merchants have to survive.
(function () {
  "use strict";
  var form = document.querySelector("form[data-auto]");
  if (!form) { return; }
  var go = function () { HTMLFormElement.prototype.submit.call(form); };
  if (!form.hasAttribute("data-twice")) { go(); return; }
  var sent = fetch(form.action, {
    method: "POST", mode: "no-cors", credentials: "omit", keepalive: true,
    body: new URLSearchParams(new FormData(form))
  });
  sent.then(go, go);
})();
