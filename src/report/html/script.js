"use strict";
(function () {
  var form = document.getElementById("filter");
  var count = document.getElementById("count");
  var items = Array.prototype.slice.call(document.querySelectorAll("[data-service]"));
  form.hidden = false;
  function apply() {
    var words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var verdict = form.elements.verdict.value;
    var language = form.elements.language.value;
    var shown = 0;
    items.forEach(function (item) {
      var haystack = item.getAttribute("data-search").toLowerCase();
      var fits = words.every(function (word) { return haystack.indexOf(word) !== -1; }) &&
        (!verdict || item.getAttribute("data-verdict") === verdict) &&
        (!language || item.getAttribute("data-language") === language);
      item.hidden = !fits;
      if (fits && item.tagName === "ARTICLE") { shown += 1; }
    });
    count.textContent = shown + (shown === 1 ? " service" : " services");
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  function open() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    var box = target.closest("details") || target.querySelector("details");
    if (box) { box.open = true; }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", open);
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("article details").forEach(function (box) { box.open = true; });
  });
  apply();
  open();
})();
