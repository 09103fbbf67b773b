  // What-if sliders: readings as in explanation/joint_reading.py, from grids made beforehand.
  function interp(x, grid, line) {
    if (x <= grid[0]) return line[0];
    for (let k = 1; k < grid.length; k++)
      if (x <= grid[k]) return line[k - 1] + (line[k] - line[k - 1]) * (x - grid[k - 1]) / (grid[k] - grid[k - 1]);
    return line[grid.length - 1];
  }
  function nearest(x, grid) {
    return grid.reduce((best, value, k) => Math.abs(value - x) < Math.abs(grid[best] - x) ? k : best, 0);
  }
  function bilinear(a, b, square, x, y) {
    return interp(x, a, a.map((_, k) => interp(y, b, square.slice(k * b.length, (k + 1) * b.length))));
  }
  function coarse(g, k) { return g.factors[k].values.filter((_, i) => i % g.every === 0); }
  function reading(g, r, at) {
    let found = g.prediction[r];
    g.factors.forEach((f, k) => {
      found += interp(at[k], f.values, f.lines[r]) - interp(f.start[r], f.values, f.lines[r]);
    });
    for (const pair of g.pairs) {
      const i = pair.first, j = pair.second, s = g.factors[i].start[r], t = g.factors[j].start[r];
      if (at[i] === s || at[j] === t) continue;
      const a = coarse(g, i), b = coarse(g, j), square = pair.squares[r];
      found += bilinear(a, b, square, at[i], at[j]) - bilinear(a, b, square, at[i], t)
        + bilinear(a, b, square, s, t) - bilinear(a, b, square, s, at[j]);
    }
    return found;
  }
  function outside(g, r, at) {
    const moved = g.factors.map((_, k) => k).filter((k) => at[k] !== g.factors[k].start[r]);
    const pairs = g.pairs.filter((pair) => moved.includes(pair.first) && moved.includes(pair.second));
    const paired = new Set(pairs.flatMap((pair) => [pair.first, pair.second]));
    return pairs.some((pair) => {
      const a = coarse(g, pair.first), b = coarse(g, pair.second);
      return pair.outside[r][nearest(at[pair.first], a) * b.length + nearest(at[pair.second], b)] === "1";
    }) || moved.some((k) => !paired.has(k) &&
      g.factors[k].outside[r][nearest(at[k], g.factors[k].values)] === "1");
  }
  function short(value) { return String(Number(value.toPrecision(4))); }
  function profileRows(g, r, at) {
    const half = g.half || 0, now = reading(g, r, at);
    return g.factors.flatMap((f, k) => {
      const reach = (f.values[1] - f.values[0]) / 2;
      const line = f.values.map((value) => {
        const there = at.with(k, value), told = reading(g, r, there);
        return { f0: value, f1: told, f3: told - half, f4: told + half, f5: outside(g, r, there) ? 1 : 0,
          f6: k, f7: value - reach, f8: value + reach, f9: 0 };
      });
      return [...line, { f0: at[k], f1: now, f3: now - half, f4: now + half, f5: 0, f6: k, f9: 1 }];
    });
  }
  function profile(box, view) {
    const g = JSON.parse(document.getElementById(box.id + "-grid").textContent);
    const list = box.querySelector("select"), sliders = [...box.querySelectorAll("input")];
    const shown = [...box.querySelectorAll("output")], said = box.querySelector("[role=status]");
    let r = 0, at = [], waiting = false;
    function show() {
      waiting = false;
      const half = g.half || 0, told = reading(g, r, at);
      const text = { value: short(told), low: short(told - half), high: short(told + half), unit: g.say.unit,
        own: short(g.prediction[r]) };
      said.textContent = g.say.reading.replace(/<(\w+)>/g, (_, name) => text[name]);
      const far = outside(g, r, at);
      box.dataset.outside = far;
      if (far) said.append(" " + g.say.outside);
      shown.forEach((one, k) => { one.textContent = short(at[k]); });
      view.data("rows", profileRows(g, r, at)).runAsync();
    }
    function later() { if (!waiting) { waiting = true; requestAnimationFrame(show); } }
    function back() {
      at = g.factors.map((f) => f.start[r]);
      sliders.forEach((one, k) => { one.value = at[k]; });
      later();
    }
    sliders.forEach((one, k) => {
      const grid = g.factors[k].values;
      one.min = grid[0]; one.max = grid[grid.length - 1]; one.step = (one.max - one.min) / 100;
      one.addEventListener("input", () => { at[k] = Number(one.value); later(); });
    });
    list.addEventListener("change", () => { r = list.selectedIndex; back(); });
    box.querySelector("button").addEventListener("click", back);
    box.hidden = false;
    back();
  }
