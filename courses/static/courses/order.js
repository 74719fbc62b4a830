// Order of lessons: the numbers stay where they are, and the lessons move through them.
"use strict";
(() => {
  function start(form) {
    const list = form.querySelector("ol");
    const status = form.querySelector("[role=status]");
    const rows = () => [...list.children];
    const numbers = rows().map((row) => Number(row.dataset.number));

    function show() {
      rows().forEach((row, place) => {
        row.querySelector("input").value = numbers[place];
        row.classList.toggle("persona-moved", numbers[place] !== Number(row.dataset.number));
      });
      form.elements.order.value = JSON.stringify(rows().map((row) => row.dataset.id));
    }

    function say(row) {
      const title = row.querySelector(".persona-order-title").textContent;
      status.textContent = status.dataset.said.replace("{title}", title).replace("{number}", numbers[rows().indexOf(row)]);
    }

    function moveTo(row, place) {
      const others = rows().filter((other) => other !== row);
      list.insertBefore(row, others[Math.max(0, place)] || null);
      show();
      say(row);
    }

    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      const row = button.closest("li");
      moveTo(row, rows().indexOf(row) + Number(button.dataset.move));
      button.focus();
    });

    list.addEventListener("change", (event) => {
      if (!event.target.matches("input")) return; // the dragging has an event of this name too
      const wanted = Number(event.target.value);
      if (event.target.value.trim() === "" || Number.isNaN(wanted)) return show();
      const place = numbers.findIndex((number) => number >= wanted);
      moveTo(event.target.closest("li"), place < 0 ? numbers.length - 1 : place);
      event.target.focus();
    });

    // Enter in a number moves its lesson; it does not save a half-made order.
    list.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input")) return;
      event.preventDefault();
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
    });

    list.addEventListener("end", (event) => {
      show();
      if (event.item) say(event.item);
    });
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-order]").forEach(start));
})();
