(function () {
  "use strict";
  document.documentElement.classList.add("js");
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }
  function select(node) {
    var range = document.createRange();
    range.selectNodeContents(node);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
  each("button[data-copy]", function (button) {
    button.addEventListener("click", function () {
      var node = document.getElementById(button.getAttribute("data-copy"));
      function done() { button.textContent = "Copied"; setTimeout(function () { button.textContent = "Copy"; }, 1500); }
      function fallback() { select(node); try { if (document.execCommand("copy")) { done(); } } catch (error) { return; } }
      if (navigator.clipboard) { navigator.clipboard.writeText(node.textContent).then(done, fallback); } else { fallback(); }
    });
  });
  each("input[data-filter]", function (input) {
    var rows = document.getElementById(input.getAttribute("data-filter")).tBodies[0].rows;
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase();
      Array.prototype.forEach.call(rows, function (row) { row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0; });
    });
  });
  each("table[data-sort] thead th", function (head) {
    var button = document.createElement("button");
    button.className = "sort";
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    button.addEventListener("click", function () {
      var body = head.closest("table").tBodies[0], place = head.cellIndex;
      var up = head.getAttribute("aria-sort") !== "ascending";
      Array.prototype.forEach.call(head.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      function key(row) {
        var cell = row.cells[place], number = cell.getAttribute("data-v");
        return number !== null ? (number === "" ? null : parseFloat(number)) : cell.textContent.trim();
      }
      Array.prototype.slice.call(body.rows).map(function (row) { return [key(row), row]; }).sort(function (a, b) {
        if (a[0] === null || b[0] === null) { return (a[0] === null) - (b[0] === null); }
        var order = typeof a[0] === "number" ? a[0] - b[0] : String(a[0]).localeCompare(String(b[0]), "en", { numeric: true });
        return up ? order : -order;
      }).forEach(function (pair) { body.appendChild(pair[1]); });
    });
  });
  function openTarget() {
    var node = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var up = node; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
    if (node) { node.scrollIntoView(); }
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();
}());
