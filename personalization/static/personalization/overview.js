// The heat map by keyboard and pointer: Tab goes to one cell, arrows to its neighbours; a cell says what it is.
"use strict";
(() => {
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function describe(map, link) {
    const cell = link.closest("td"), lesson = map.tHead.rows[0].cells[cell.cellIndex].querySelector("a");
    link.title = `${cell.parentElement.cells[0].textContent} · ${lesson.title}: ${link.getAttribute("aria-label")}`;
  }

  function move(map, event) {
    const step = STEPS[event.key], cell = event.target.closest("tbody td");
    if (!step || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = map.tBodies[0].rows[cell.parentElement.sectionRowIndex + step[0]];
    const link = row && row.cells[cell.cellIndex + step[1]]?.querySelector("td > a");
    if (!link) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    link.tabIndex = 0;
    link.focus();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const map = document.querySelector("[data-heat-map]");
    if (!map) return;
    [...map.querySelectorAll("td > a")].slice(1).forEach((link) => { link.tabIndex = -1; });
    map.addEventListener("keydown", (event) => move(map, event));
    for (const kind of ["pointerover", "focusin"]) {
      map.addEventListener(kind, (event) => {
        const link = event.target.closest("td > a");
        if (link && !link.title) describe(map, link);
      });
    }
  });
})();
