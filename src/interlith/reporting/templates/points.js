(function () {
  "use strict";
  var study = JSON.parse(document.getElementById("data").textContent), spectra = study.spectra;
  var byId = function (id) { return document.getElementById(id); };
  var current = 0;

  function numbers(text) {
    var raw = atob(text), bytes = new Uint8Array(raw.length), i;
    for (i = 0; i < raw.length; i += 1) { bytes[i] = raw.charCodeAt(i); }
    return new Float32Array(bytes.buffer);
  }
  spectra.forEach(function (one) {
    one.now = one.used.slice();
    one.parts.forEach(function (part) { part.loaded = false; });
  });
  function load(part) {
    if (part.loaded) { return; }
    part.jacobian = numbers(part.jacobian);
    part.prior = numbers(part.prior);
    part.shown = numbers(part.shown);
    part.loaded = true;
  }

  // Cholesky of a symmetric positive matrix (rows in one array); the lower triangle replaces it.
  function decompose(matrix, p) {
    var i, j, k, sum;
    for (j = 0; j < p; j += 1) {
      sum = matrix[j * p + j];
      for (k = 0; k < j; k += 1) { sum -= matrix[j * p + k] * matrix[j * p + k]; }
      if (!(sum > 0)) { return false; }
      matrix[j * p + j] = Math.sqrt(sum);
      for (i = j + 1; i < p; i += 1) {
        sum = matrix[i * p + j];
        for (k = 0; k < j; k += 1) { sum -= matrix[i * p + k] * matrix[j * p + k]; }
        matrix[i * p + j] = sum / matrix[j * p + j];
      }
    }
    return true;
  }
  function solved(factor, p, right) {
    var x = Float64Array.from(right), i, k;
    for (i = 0; i < p; i += 1) { for (k = 0; k < i; k += 1) { x[i] -= factor[i * p + k] * x[k]; } x[i] /= factor[i * p + i]; }
    for (i = p - 1; i >= 0; i -= 1) { for (k = i + 1; k < p; k += 1) { x[i] -= factor[k * p + i] * x[k]; } x[i] /= factor[i * p + i]; }
    return x;
  }
  // Parameters that were taken in units of their prior would underflow; rows and columns are scaled to a unit diagonal.
  function moved(one, part) {
    load(part);
    var n = one.frequency.length, p = part.values.length, J = part.jacobian, H = new Float64Array(p * p), g = new Float64Array(p);
    var row, a, b, base, now, was, scale = new Float64Array(p), left = 0, count = 0, r;
    for (a = 0; a < p * p; a += 1) { H[a] = part.prior[a]; }
    for (row = 0; row < 2 * n; row += 1) {
      now = one.now[row % n]; was = one.used[row % n]; base = row * p;
      if (now) { for (a = 0; a < p; a += 1) { r = J[base + a]; if (r !== 0) { for (b = 0; b <= a; b += 1) { H[a * p + b] += r * J[base + b]; } } } }
      if (now !== was) { for (a = 0; a < p; a += 1) { g[a] += (now ? 1 : -1) * J[base + a] * part.residual[row]; } }
    }
    for (a = 0; a < p; a += 1) { scale[a] = 1 / Math.sqrt(H[a * p + a] || 1); g[a] *= scale[a]; }
    for (a = 0; a < p; a += 1) { for (b = 0; b <= a; b += 1) { H[a * p + b] *= scale[a] * scale[b]; } H[a * p + a] += 1e-12; }
    if (!decompose(H, p)) { return null; }
    var step = solved(H, p, g), spread = new Float64Array(p), unit, column;
    for (a = 0; a < p; a += 1) { step[a] *= scale[a]; }
    var residual = new Float64Array(2 * n);
    for (row = 0; row < 2 * n; row += 1) {
      r = part.residual[row]; base = row * p;
      for (a = 0; a < p; a += 1) { r -= J[base + a] * step[a]; }
      residual[row] = r;
      if (one.now[row % n]) { left += r * r; count += 1; }
    }
    var wide = part.kind === "circuit" ? Math.sqrt(left / Math.max(count - p, 1)) : 1;
    var values = part.values.map(function (value, place) { return part.logarithmic[place] ? value * Math.exp(step[place]) : value + step[place]; });
    if (part.kind === "circuit") {
      for (a = 0; a < p; a += 1) {
        unit = new Float64Array(p); unit[a] = 1;
        column = solved(H, p, unit);
        spread[a] = wide * scale[a] * Math.sqrt(Math.max(column[a], 0)) * (part.logarithmic[a] ? Math.abs(values[a]) : 1);
      }
    }
    return { values: values, spread: spread, residual: residual };
  }

  var NS = "http://www.w3.org/2000/svg";
  function add(parent, name, attributes, text) {
    var node = document.createElementNS(NS, name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (text !== undefined) { node.textContent = text; }
    parent.appendChild(node);
    return node;
  }
  function ticks(low, high, count) {
    var raw = (high - low) / count, size = Math.pow(10, Math.floor(Math.log10(raw))), share = raw / size, found = [], at;
    size *= share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10;
    for (at = Math.ceil(low / size) * size; at <= high + 1e-9 * size; at += size) { found.push(Math.abs(at) < size * 1e-9 ? 0 : at); }
    return found;
  }
  function short(value) {
    if (value === 0) { return "0"; }
    var size = Math.abs(value);
    return size >= 1e4 || size < 1e-3 ? value.toExponential(2).replace("e+", "e") : String(parseFloat(value.toPrecision(4)));
  }
  // Axes in a box; equal scales where asked. Gives two functions from data to pixels.
  function frame(svg, x, y, equal, logarithmic) {
    svg.textContent = "";
    var box = svg.getBoundingClientRect(), w = box.width || 420, h = box.height || 350, m = { l: 52, r: 14, t: 12, b: 32 };
    svg.setAttribute("viewBox", "0 0 " + w + " " + h);
    var lx = x[0], hx = x[1], ly = y[0], hy = y[1], px = w - m.l - m.r, py = h - m.t - m.b, middle, half;
    if (equal) {
      half = Math.max((hx - lx) / px, (hy - ly) / py);
      middle = (lx + hx) / 2; lx = middle - half * px / 2; hx = middle + half * px / 2;
      middle = (ly + hy) / 2; ly = middle - half * py / 2; hy = middle + half * py / 2;
    }
    var fx = function (v) { return m.l + (v - lx) / (hx - lx) * px; }, fy = function (v) { return h - m.b - (v - ly) / (hy - ly) * py; };
    ticks(lx, hx, logarithmic ? 6 : 5).forEach(function (v) {
      if (logarithmic && Math.abs(v - Math.round(v)) > 1e-6) { return; }
      add(svg, "line", { "class": "axis", x1: fx(v), x2: fx(v), y1: m.t, y2: h - m.b });
      add(svg, "text", { x: fx(v), y: h - m.b + 14, "text-anchor": "middle" }, logarithmic ? "1e" + Math.round(v) : short(v));
    });
    ticks(ly, hy, 5).forEach(function (v) {
      add(svg, "line", { "class": "axis", x1: m.l, x2: w - m.r, y1: fy(v), y2: fy(v) });
      add(svg, "text", { x: m.l - 5, y: fy(v) + 4, "text-anchor": "end" }, short(v));
    });
    return { x: fx, y: fy, w: w, h: h };
  }
  function extent(values, pad) {
    var low = Infinity, high = -Infinity;
    values.forEach(function (v) { if (isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); } });
    if (!(high > low)) { low -= 1; high += 1; }
    return [low - pad * (high - low), high + pad * (high - low)];
  }
  function path(svg, look, xs, ys) {
    var words = "";
    xs.forEach(function (x, k) { if (isFinite(x) && isFinite(ys[k])) { words += (words ? "L" : "M") + x.toFixed(1) + " " + ys[k].toFixed(1); } });
    add(svg, "path", { "class": look, d: words });
  }
  function hertz(f) {
    return f >= 1e6 ? short(f / 1e6) + " MHz" : f >= 1e3 ? short(f / 1e3) + " kHz" : f >= 1 ? short(f) + " Hz" : short(f * 1e3) + " mHz";
  }
  function button(svg, one, k, x, y, look, radius) {
    var node = add(svg, "circle", {
      "class": "point " + (one.now[k] ? look : "out"), cx: x, cy: y, r: radius, tabindex: 0, role: "button",
      "aria-pressed": one.now[k] ? "true" : "false", "aria-label": hertz(one.frequency[k]) + (one.now[k] ? ", used" : ", left out")
    });
    add(node, "title", {}, hertz(one.frequency[k]) + (one.now[k] ? "" : ", left out"));
    function toggle() { one.now[k] = !one.now[k]; draw(); }
    node.addEventListener("click", toggle);
    node.addEventListener("keydown", function (event) { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
  }

  function nyquist(one, circuit, found) {
    var svg = byId("nyquist"), minus = one.imaginary.map(function (v) { return -v; }), n = one.frequency.length;
    var at = frame(svg, extent(one.real, 0.06), extent(minus, 0.08), true, false);
    if (found) {
      var re = [], im = [], k;
      for (k = 0; k < n; k += 1) {
        re.push(at.x(one.real[k] - found.residual[k] * circuit.size[k]));
        im.push(at.y(minus[k] + found.residual[n + k] * circuit.size[k]));
      }
      path(svg, "model", re, im);
    }
    one.frequency.forEach(function (f, k) {
      button(svg, one, k, at.x(one.real[k]), at.y(minus[k]), "used", 4.2);
      var decade = Math.log10(f);
      if (Math.abs(decade - Math.round(decade)) < 0.02) { add(svg, "text", { x: at.x(one.real[k]) + 6, y: at.y(minus[k]) - 6 }, hertz(Math.pow(10, Math.round(decade)))); }
    });
  }
  function residuals(one, part, found) {
    var svg = byId("residuals"), n = one.frequency.length, both = [[], []], k;
    for (k = 0; k < 2 * n; k += 1) { both[k < n ? 0 : 1].push(100 * found.residual[k] * part.size[k % n] / Math.hypot(one.real[k % n], one.imaginary[k % n])); }
    var places = one.frequency.map(function (f) { return Math.log10(f); });
    var at = frame(svg, extent(places, 0.04), extent(both[0].concat(both[1]), 0.08), false, true);
    both.forEach(function (values, number) {
      path(svg, number ? "model" : "lre", places.map(at.x), values.map(at.y));
      values.forEach(function (v, k) { button(svg, one, k, at.x(places[k]), at.y(v), number ? "pim" : "used", 3.2); });
    });
    add(svg, "text", { x: at.w - 14, y: at.h - 4, "text-anchor": "end" }, "frequency / Hz");
  }
  function relaxation(part, found) {
    byId("relaxationplot").hidden = !part;
    if (!part || !found) { return; }
    var svg = byId("relaxation"), p = part.values.length;
    function distribution(values) {
      return part.places.map(function (tau, row) {
        var sum = 0, a;
        for (a = 0; a < p; a += 1) { sum += part.shown[row * p + a] * values[a]; }
        return Math.exp(sum);
      });
    }
    var places = part.places.map(function (tau) { return Math.log10(tau); }), was = distribution(part.values), now = distribution(found.values);
    var at = frame(svg, extent(places, 0.02), [0, extent(was.concat(now), 0.05)[1]], false, true);
    path(svg, "lwas", places.map(at.x), was.map(at.y));
    path(svg, "lre", places.map(at.x), now.map(at.y));
    add(svg, "text", { x: at.w - 14, y: at.h - 4, "text-anchor": "end" }, "time constant / s");
  }
  function table(part, found) {
    var body = byId("parameters").tBodies[0];
    body.textContent = "";
    byId("none").hidden = Boolean(part);
    byId("parameters").hidden = !part;
    if (!part) { return; }
    part.names.forEach(function (name, k) {
      var row = body.insertRow(), change = found ? (found.values[k] - part.values[k]) / part.spread[k] : NaN;
      [name, part.units[k], short(part.values[k]) + " ± " + short(part.spread[k]),
        found ? short(found.values[k]) + " ± " + short(found.spread[k]) : "not determined",
        isFinite(change) ? (change >= 0 ? "+" : "−") + Math.abs(change).toFixed(2) + " σ" : ""].forEach(function (text, place) {
        var cell = row.insertCell(); cell.textContent = text; if (place > 1) { cell.className = "n"; }
      });
      if (Math.abs(change) >= 1) { row.className = "moved"; }
    });
  }
  function decisions() {
    var yaml = "", python = "";
    spectra.forEach(function (one) {
      one.now.forEach(function (use, k) {
        if (use === one.used[k]) { return; }
        yaml += "- target: " + JSON.stringify(one.points[k]) + "\n  field: use\n  value: " + use + "\n  was: " + !use + "\n  reason: \n  who: \n";
        python += "il.decide(" + JSON.stringify(study.folder) + ", " + JSON.stringify(one.points[k]) + ", \"use\", " + (use ? "True" : "False") + ", reason=\"\")\n";
      });
    });
    byId("decisions").textContent = yaml || "Nothing has been changed.";
    byId("python").textContent = python || "Nothing has been changed.";
  }
  function draw() {
    var one = spectra[current], parts = {}, found = {};
    one.parts.forEach(function (part) { parts[part.kind] = part; found[part.kind] = moved(one, part); });
    nyquist(one, parts.circuit, found.circuit);
    if (parts.ladder && found.ladder) { residuals(one, parts.ladder, found.ladder); }
    relaxation(parts.relaxation, found.relaxation);
    table(parts.circuit, found.circuit);
    decisions();
    var changed = one.now.filter(function (use, k) { return use !== one.used[k]; }).length;
    byId("state").textContent = one.now.filter(Boolean).length + " of " + one.now.length + " points used" + (changed ? ", " + changed + " changed here" : "");
  }
  spectra.forEach(function (one, k) { var option = document.createElement("option"); option.value = k; option.textContent = one.label; byId("which").appendChild(option); });
  byId("which").addEventListener("change", function () { current = Number(this.value); draw(); });
  byId("back").addEventListener("click", function () { spectra[current].now = spectra[current].used.slice(); draw(); });
  byId("copy").addEventListener("click", function () { if (navigator.clipboard) { navigator.clipboard.writeText(byId("decisions").textContent); } });
  window.addEventListener("resize", draw);
  window.interlithPoints = { spectra: spectra, moved: moved, draw: draw };
  draw();
}());
