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
  async function draw(place) {
    try {
      const spec = JSON.parse(document.getElementById(place.id + "-spec").textContent);
      await vegaEmbed(place, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, tooltip: hover,
      });
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
