// Zoom and a steadier tip. Without this script everything is still there: figures, tips under focus, tables.
"use strict";

(() => {
  const MARKS = ".point, .bar, .event, .period";
  const MOST = 16;

  document.documentElement.classList.add("js");
  document.querySelectorAll(".figures").forEach((figures) => {
    zoom(figures, tell(figures));
  });

  // One box for all marks, above everything else; it can be pointed at, and Escape closes it.
  function tell(figures) {
    const box = document.createElement("div");
    box.className = "told";
    box.hidden = true;
    box.setAttribute("aria-hidden", "true");
    figures.append(box);
    let leaving = 0;

    function show(mark) {
      clearTimeout(leaving);
      const rows = mark.querySelectorAll(".tip-box span");
      const texts = rows.length ? [...rows].map((row) => row.textContent) : [mark.getAttribute("aria-label")];
      box.replaceChildren(...texts.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
      box.hidden = false;
      const around = figures.getBoundingClientRect();
      const at = (mark.querySelector(".dot, .diamond, .stretch, .block") || mark).getBoundingClientRect();
      const middle = Math.min(Math.max((at.left + at.right) / 2, around.left), around.right) - around.left;
      const left = Math.min(Math.max(middle - box.offsetWidth / 2, 0), around.width - box.offsetWidth);
      box.style.left = `${left}px`;
      box.style.top = `${at.bottom - around.top + 10}px`;
    }

    function hide() {
      clearTimeout(leaving);
      box.hidden = true;
    }

    function leave() {
      leaving = setTimeout(hide, 250);
    }

    figures.querySelectorAll(MARKS).forEach((mark) => {
      const title = mark.querySelector("title");
      if (title) title.remove(); // The label says the same; two tips at once help nobody.
      mark.addEventListener("pointerenter", () => show(mark));
      mark.addEventListener("pointerleave", leave);
      mark.addEventListener("focus", () => show(mark));
      mark.addEventListener("blur", hide);
      mark.addEventListener("keydown", (event) => step(event, mark));
    });
    box.addEventListener("pointerenter", () => clearTimeout(leaving));
    box.addEventListener("pointerleave", leave);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
    });
    return show;
  }

  // Arrow keys go from mark to mark within a row.
  function step(event, mark) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const marks = [...mark.closest(".plot").querySelectorAll(MARKS)];
    const next = marks[marks.indexOf(mark) + by];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  // All plots are drawn in shares of their width: a wider inner drawing, moved to the left, is a zoomed one.
  function zoom(figures, show) {
    const drawings = figures.querySelectorAll(".time");
    let times = 1;
    let begin = 0;

    function draw() {
      begin = Math.min(Math.max(begin, 0), 1 - 1 / times);
      drawings.forEach((drawing) => {
        drawing.setAttribute("width", `${times * 100}%`);
        drawing.setAttribute("x", `${-begin * times * 100}%`);
      });
      figures.classList.toggle("zoomed", times > 1);
      buttons.out.disabled = buttons.whole.disabled = times === 1;
      buttons.closer.disabled = times === MOST;
      buttons.earlier.disabled = begin <= 0;
      buttons.later.disabled = begin >= 1 - 1 / times;
    }

    // A mark that the keyboard reaches is never out of sight.
    figures.addEventListener("focusin", (event) => {
      const mark = event.target.closest(MARKS);
      if (!mark || times === 1) return;
      const plot = mark.closest(".plot").getBoundingClientRect();
      const at = (mark.querySelector(".dot, .diamond, .stretch, .block") || mark).getBoundingClientRect();
      if (at.right > plot.left && at.left < plot.right) return;
      begin += ((at.left + at.right) / 2 - plot.left) / plot.width / times - 0.5 / times;
      draw();
      show(mark);
    });

    // Closer keeps the right edge: the newest values are what one looks at.
    const scale = (factor) => () => {
      const end = begin + 1 / times;
      times = Math.min(Math.max(times * factor, 1), MOST);
      begin = end - 1 / times;
    };
    const move = (by) => () => {
      begin += by / times;
    };
    const bar = document.createElement("div");
    bar.className = "zoom";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Time shown");
    const buttons = {};
    for (const [name, text, deed] of [
      ["closer", "Closer", scale(2)],
      ["out", "Further", scale(0.5)],
      ["earlier", "Earlier", move(-0.5)],
      ["later", "Later", move(0.5)],
      ["whole", "Whole course", scale(0)],
    ]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.addEventListener("click", () => {
        deed();
        draw();
      });
      buttons[name] = button;
      bar.append(button);
    }
    figures.before(bar);
    draw();
  }
})();
