// One input per item over the plain lines of a list. The lines stay in the form and are what is sent.
"use strict";
(() => {
  const MARK = "↳"; // begins a line that goes on with the item above, as in courses/admin/editing/items.py
  const { persona } = window;
  let words;

  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  function itemsFrom(lines) {
    const items = [];
    for (const line of lines.split(/\r\n|\r|\n/).map((text) => text.trim())) {
      const goesOn = line.startsWith(MARK) && !line.startsWith(MARK + MARK);
      if (goesOn && items.length) items[items.length - 1] += `\n${line.slice(1).replace(/^ /, "")}`;
      else if (line) items.push(line.startsWith(MARK) ? line.slice(1).trimStart() : line);
    }
    return items;
  }

  function linesFrom(items) {
    const lines = items.map((item) => item.trim()).filter(Boolean).flatMap((item) => {
      const [first, ...others] = item.split(/\r\n|\r|\n/);
      return [first.startsWith(MARK) ? MARK + first : first, ...others.map((line) => `${MARK} ${line}`)];
    });
    return lines.join("\n");
  }

  function button(sign, name, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "persona-item-button";
    made.dataset.name = name;
    made.textContent = sign;
    made.addEventListener("click", act);
    return made;
  }

  class ItemList {
    constructor(lines) {
      this.lines = lines;
      this.said = JSON.parse(lines.dataset.editor);
      this.list = document.createElement("ol");
      this.list.className = "persona-items";
      this.add = button(`+ ${words.add}`, "add", () => this.insert("", this.list.children.length).focus());
      this.add.className = "persona-button persona-add";
      this.undo = document.createElement("p");
      this.undo.hidden = true;
      this.box = document.createElement("div");
      this.box.className = "persona-list";
      this.box.setAttribute("role", "group");
      this.box.setAttribute("aria-label", this.said.label);
      this.box.append(this.list, this.undo, this.add);
      lines.before(this.box);
      lines.hidden = true;
      const plain = lines.parentElement.querySelector("[data-plain]");
      if (plain) plain.textContent = words.hint;
      document.querySelector(`label[for="${lines.id}"]`)?.addEventListener("click", () => this.areas()[0]?.focus());
      this.counter = this.said.range && persona.counter(lines, this.said, () => itemsFrom(lines.value).length);
      if (this.counter) this.box.setAttribute("aria-describedby", this.counter.describes);
      this.fill();
      this.watchDragging();
      window.addEventListener("pageshow", () => this.lines.value !== this.known && this.fill());
    }

    areas() {
      return [...this.list.querySelectorAll("textarea")];
    }

    fill() {
      this.list.replaceChildren();
      itemsFrom(this.lines.value).forEach((item, index) => this.insert(item, index, false));
      this.known = this.lines.value;
      this.number();
    }

    // The lines follow the inputs; whoever listens to the field hears of it.
    write() {
      this.lines.value = this.known = linesFrom(this.areas().map((area) => area.value));
      this.lines.dispatchEvent(new Event("input", { bubbles: true }));
      this.lines.dispatchEvent(new Event("change", { bubbles: true }));
      this.counter?.update();
    }

    insert(text, index, told = true) {
      const row = document.createElement("li");
      row.className = "persona-item";
      const area = document.createElement("textarea");
      area.rows = 1;
      area.dir = "auto";
      area.value = text;
      const grip = document.createElement("span");
      grip.className = "persona-grip";
      grip.textContent = "⠿";
      grip.title = words.drag;
      grip.setAttribute("aria-hidden", "true");
      const count = document.createElement("small");
      count.className = "persona-count";
      row.append(
        grip, area,
        button("↑", "up", () => this.move(row, -1, "up")),
        button("↓", "down", () => this.move(row, 1, "down")),
        button("✕", "remove", () => this.remove(row)),
      );
      if (this.said.words) row.append(count);
      this.list.insertBefore(row, this.list.children[index] || null);
      const counted = () => this.said.words && persona.show(count, persona.itemText(this.said, area.value));
      area.addEventListener("input", (event) => {
        event.stopPropagation();
        persona.grow(area);
        counted();
        this.write();
      });
      area.addEventListener("keydown", (event) => this.key(event, row, area));
      area.addEventListener("paste", (event) => this.paste(event, row, area));
      counted();
      persona.grow(area);
      if (told) {
        this.number();
        persona.say(filled(words.added, { number: this.at(row) + 1 }));
      }
      return area;
    }

    at(row) {
      return [...this.list.children].indexOf(row);
    }

    number() {
      const rows = [...this.list.children];
      rows.forEach((row, index) => {
        const place = { label: this.said.label, number: index + 1, count: rows.length };
        row.querySelector("textarea").setAttribute("aria-label", filled(words.item, place));
        for (const made of row.querySelectorAll("button")) {
          const action = words[made.dataset.name];
          made.title = action;
          made.setAttribute("aria-label", filled(words.of, { action, number: index + 1 }));
          const end = { up: index === 0, down: index === rows.length - 1 }[made.dataset.name];
          // Not `disabled`: that would take the focus away.
          made.setAttribute("aria-disabled", String(Boolean(end)));
        }
      });
    }

    move(row, by, name) {
      const rows = [...this.list.children], to = rows.indexOf(row) + by;
      if (to < 0 || to >= rows.length) return;
      this.list.insertBefore(row, by < 0 ? rows[to] : rows[to].nextSibling);
      this.moved(row);
      row.querySelector(name ? `[data-name="${name}"]` : "textarea").focus();
    }

    moved(row) {
      this.number();
      this.write();
      persona.say(filled(words.moved, { number: this.at(row) + 1, count: this.list.children.length }));
    }

    remove(row) {
      const index = this.at(row), text = row.querySelector("textarea").value;
      row.remove();
      this.number();
      this.write();
      const areas = this.areas();
      (areas[index] || areas[index - 1] || this.add).focus();
      const done = filled(words.removed, { number: index + 1 });
      persona.say(done);
      this.offer(done, text, index);
    }

    offer(done, text, index) {
      const back = button(words.undo, "undo", () => {
        this.undo.hidden = true;
        const area = this.insert(text, index);
        this.write();
        area.focus();
        persona.say(filled(words.restored, { number: index + 1 }));
      });
      back.className = "persona-link";
      this.undo.replaceChildren(`${done} `, back);
      this.undo.hidden = !text.trim();
    }

    key(event, row, area) {
      if (event.isComposing) return;
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        this.move(row, event.key === "ArrowUp" ? -1 : 1);
      } else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.insert("", this.at(row) + 1).focus();
      } else if (event.key === "Backspace" && !area.value && this.list.children.length > 1) {
        event.preventDefault();
        this.remove(row);
      }
    }

    // Several lines at once are several items.
    paste(event, row, area) {
      const [first, ...others] = itemsFrom(event.clipboardData?.getData("text/plain") || "");
      if (!others.length) return;
      event.preventDefault();
      area.setRangeText(first, area.selectionStart, area.selectionEnd, "end");
      others.forEach((item, index) => this.insert(item, this.at(row) + 1 + index, false));
      area.dispatchEvent(new Event("input"));
      this.number();
      this.areas()[this.at(row) + others.length].focus();
    }

    watchDragging() {
      let dragged = null;
      this.list.addEventListener("pointerdown", (event) => {
        const row = event.target.closest(".persona-grip")?.parentElement;
        if (row) row.draggable = true;
      });
      this.list.addEventListener("dragstart", (event) => {
        dragged = event.target.closest(".persona-item");
        event.dataTransfer.effectAllowed = "move";
      });
      this.list.addEventListener("dragover", (event) => {
        const over = event.target.closest(".persona-item");
        if (!dragged || !over) return;
        event.preventDefault();
        const box = over.getBoundingClientRect();
        if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
      });
      this.list.addEventListener("dragend", () => {
        if (!dragged) return;
        dragged.draggable = false;
        this.moved(dragged);
        dragged = null;
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const said = document.querySelector("[data-editor-words]");
    if (!said) return;
    words = JSON.parse(said.dataset.editorWords);
    for (const lines of document.querySelectorAll("textarea[data-editor]:not([disabled])")) {
      if (JSON.parse(lines.dataset.editor).kind === "list") new ItemList(lines);
    }
    document.getElementById("conflict-heading")?.focus();
  });
})();
