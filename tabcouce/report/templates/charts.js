"use strict";
(function () {
  const tip = document.getElementById("tip");
  function hover(handler, event, item, value) {
    tip.replaceChildren();
    if (!value || !event) { tip.style.display = "none"; return; }
    const box = document.createElement("div");
    for (const [name, text] of Object.entries(value)) {
      const b = document.createElement("b"), span = document.createElement("span");
      b.textContent = name;           // textContent only: names come from the user's file
      span.textContent = text;
      box.append(b, span);
    }
    tip.append(box);
    tip.style.display = "block";
    const right = event.clientX + 16 + tip.offsetWidth > window.innerWidth;
    tip.style.left = (right ? event.clientX - 12 - tip.offsetWidth : event.clientX + 16) + "px";
    tip.style.top = Math.min(event.clientY + 12, window.innerHeight - tip.offsetHeight - 6) + "px";
  }
  const withLots = [];                // charts of rows, with the view that takes the chosen lot
  function choose(key, lot) {
    for (const list of document.querySelectorAll("select[data-lots]"))
      if (list.dataset.lots === key && [...list.options].some((one) => one.value === lot)) list.value = lot;
    for (const [place, view] of withLots)
      if (place.id.startsWith(key + "-")) view.signal("lot", lot).runAsync();
    const cards = [...document.querySelectorAll("[data-card]")].filter((card) => card.dataset.card === key);
    if (cards.some((card) => card.dataset.lot === lot))
      for (const card of cards) card.hidden = card.dataset.lot !== lot;
  }
  for (const list of document.querySelectorAll("select[data-lots]")) {
    const key = list.dataset.lots;
    const cards = [...document.querySelectorAll("[data-card]")].filter((card) => card.dataset.card === key);
    const named = document.getElementById(key + "-lot-names");
    // The list of the cards has no 'all' and names the lots that have a card.
    const names = list.options.length && named ? JSON.parse(named.textContent) : cards.map((c) => c.dataset.lot);
    list.append(...names.map((name) => new Option(name, name)));
    list.addEventListener("change", () => choose(key, list.value));
  }
{% include 'profile.js' %}
  async function draw(place) {
    try {
      const spec = JSON.parse(document.getElementById(place.id + "-spec").textContent);
      const drawn = await vegaEmbed(place, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, tooltip: hover,
      });
      if ((spec.params || []).some((param) => param.name === "lot")) withLots.push([place, drawn.view]);
      if (place.id.endsWith("-what_if")) {
        const sliders = document.getElementById(place.id.replace(/-what_if$/, "-profile"));
        if (sliders) profile(sliders, drawn.view);
      }
      place.dataset.state = "drawn";
    } catch (error) {
      place.textContent = place.dataset.failed;
      place.dataset.state = "failed";
      console.error(error);
    }
  }
  (async function () {
    for (const place of document.querySelectorAll(".chart")) await draw(place);
    document.body.dataset.charts = "done";
  })();
})();
