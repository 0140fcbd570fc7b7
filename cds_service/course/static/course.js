// Zoom and a steadier tip. Without this script everything is still there: figures, tips under focus, tables.
"use strict";

(() => {
  const MARKS = ".point, .bar, .event, .period";
  const MOST = 64;
  const FEWEST_DAYS = 40; // so that the first of a month is nearly always in sight
  const DAY = 86400000;
  const EDGE = 0.035; // of course/time_axis.py, as is the width from which all labels have room
  const ROOMY = 500;
  const MONTH_ROOM = 74;

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
      // Beside the plot stand the numbers of its lines: the box leaves them free where it can.
      const plot = (mark.closest(".plot") || figures).getBoundingClientRect();
      const edges = plot.width >= box.offsetWidth ? plot : around;
      const middle = Math.min(Math.max((at.left + at.right) / 2, edges.left), edges.right);
      const left = Math.min(Math.max(middle - box.offsetWidth / 2, edges.left), edges.right - box.offsetWidth) - around.left;
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
    const marks = [...mark.closest(".plot, .befores").querySelectorAll(MARKS)];
    const next = marks[marks.indexOf(mark) + by];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  // All plots are drawn in shares of their width: a wider inner drawing, moved to the left, is a zoomed one.
  // What stands beside the plots (numbers and words of lines) and at their edge (earlier events) is not moved.
  function zoom(figures, show) {
    const drawings = figures.querySelectorAll(".time");
    const days = (Date.parse(figures.dataset.last) - Date.parse(figures.dataset.first)) / DAY;
    let most = 1;
    while (most < MOST && days / (most * 2) >= FEWEST_DAYS) most *= 2;
    let times = 1;
    let begin = 0;

    function draw() {
      // At the ends the free edge stays as narrow as it is in the whole course.
      const last = 1 - EDGE + (EDGE - 1) / times;
      begin = Math.min(Math.max(begin, EDGE - EDGE / times), last);
      drawings.forEach((drawing) => {
        drawing.setAttribute("width", `${times * 100}%`);
        drawing.setAttribute("x", `${-begin * times * 100}%`);
      });
      figures.classList.toggle("zoomed", times > 1);
      fit(figures, times);
      buttons.out.disabled = buttons.whole.disabled = times === 1;
      buttons.closer.disabled = times >= most;
      buttons.earlier.disabled = begin <= EDGE - EDGE / times + 1e-9;
      buttons.later.disabled = begin >= last - 1e-9;
      const from = dayAt(begin);
      shown.textContent = times === 1 ? "" : `${from} to ${dayAt(begin + 1 / times)}`;
    }

    function dayAt(share) {
      const inside = Math.min(Math.max((share - EDGE) / (1 - 2 * EDGE), 0), 1);
      return new Date(Date.parse(figures.dataset.first) + Math.round(inside * days) * DAY).toISOString().slice(0, 10);
    }

    // A mark that the keyboard reaches is never out of sight.
    figures.addEventListener("focusin", (event) => {
      const mark = event.target.closest(MARKS);
      if (!mark || times === 1 || !mark.closest(".plot")) return;
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
      times = Math.min(Math.max(times * factor, 1), most);
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
    const shown = document.createElement("span");
    shown.className = "shown";
    shown.setAttribute("role", "status");
    bar.append(shown);
    figures.before(bar);
    draw();
    // Paper has no buttons: it gets the whole course.
    let before = null;
    addEventListener("beforeprint", () => {
      before = before || [times, begin];
      [times, begin] = [1, 0];
      draw();
    });
    addEventListener("afterprint", () => {
      if (before) [times, begin] = before;
      before = null;
      draw();
    });
    new ResizeObserver(() => fit(figures, times)).observe(figures);
  }

  // A text is shown whole or not at all: half a number is another number.
  function fit(figures, times) {
    figures.classList.add("fitted");
    figures.querySelectorAll(".cut").forEach((text) => text.classList.remove("cut"));
    figures.querySelectorAll(".plot").forEach((plot) => {
      const edges = plot.getBoundingClientRect();
      figures.classList.toggle("roomy", times > 1 && edges.width * times >= ROOMY);
      plot.querySelectorAll(".words").forEach((words) => stretch(words, edges));
      if (times === 1) return;
      months(plot, edges, times);
      plot.querySelectorAll(".time .label").forEach((label) => {
        const at = label.getBoundingClientRect();
        label.classList.toggle("cut", at.width > 0 && (at.left < edges.left - 1 || at.right > edges.right + 1));
      });
    });
  }

  // Every month, or every other, third, sixth or twelfth.
  function months(plot, edges, times) {
    const texts = [...plot.querySelectorAll(".month")];
    if (!texts.length) return;
    const at = texts.map((text) => (parseFloat(text.getAttribute("x")) / 100) * edges.width * times);
    const gap = texts.length > 1 ? Math.min(...at.slice(1).map((place, index) => place - at[index])) : edges.width;
    const every = [1, 2, 3, 6, 12, 24, 60, 120].find((step) => gap * step >= MONTH_ROOM) || 240;
    texts.forEach((text) => text.classList.toggle("fits", text.dataset.month % every === 0));
    texts.forEach((text) => {
      const room = text.getBoundingClientRect();
      if (room.left < edges.left || room.right > edges.right) text.classList.remove("fits");
    });
  }

  // The words of a period stand where its visible part begins, if they fit there.
  function stretch(words, edges) {
    const block = words.closest(".period").querySelector(".block").getBoundingClientRect();
    const left = Math.max(block.left, edges.left);
    const room = Math.min(block.right, edges.right) - left - 8;
    const state = words.querySelector(".state-words");
    words.setAttribute("x", `${left - block.left + 5}`);
    words.classList.add("fits");
    state.classList.add("fits");
    if (words.getBoundingClientRect().width > room) state.classList.remove("fits");
    if (words.getBoundingClientRect().width > room) words.classList.remove("fits");
  }
})();
