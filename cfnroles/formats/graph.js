"use strict";
// Each node and each row knows the numbers of the traces through it; all else follows from them.
const numbers = (element) => element.dataset.traces.split(" ").map(Number);
const graphs = [...document.querySelectorAll("section")];
const why = document.querySelector(".why");
let pinned = null;

function edgesOf(section) {
  const columns = [...section.querySelectorAll(".column")].map((each) => [...each.querySelectorAll(".node")]);
  const at = columns.map((nodes) => new Map(nodes.flatMap((node) => numbers(node).map((n) => [n, node]))));
  const found = new Map();
  section.querySelectorAll("tbody tr").forEach((row) => {
    const [trace] = numbers(row);
    for (let n = 0; n + 1 < at.length; n++) {
      const pair = [at[n].get(trace), at[n + 1].get(trace)];
      const key = pair.map((node) => node.id).join(" ");
      if (!found.has(key)) found.set(key, { pair, traces: [], rows: [] });
      found.get(key).traces.push(trace);
      found.get(key).rows.push(row);
    }
  });
  return [...found.values()];
}

function draw(section) {
  const graph = section.querySelector(".graph"), svg = section.querySelector("svg");
  const origin = graph.getBoundingClientRect();
  svg.replaceChildren();
  for (const { pair, traces, rows } of section.edges) {
    if (pair.some((node) => node.closest("li").hidden) || rows.every((row) => row.hidden)) continue;
    const [from, to] = pair.map((node) => node.getBoundingClientRect());
    const [x1, y1] = [from.right - origin.left, from.top + from.height / 2 - origin.top];
    const [x2, y2] = [to.left - origin.left, to.top + to.height / 2 - origin.top];
    const bend = (x2 - x1) / 2;
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
    const kinds = new Set(rows.map((row) => row.className));
    if (kinds.size === 1 && rows[0].className) path.classList.add(rows[0].className);
    path.dataset.traces = traces.join(" ");
    svg.append(path);
  }
  graph.classList.toggle("dense", svg.childElementCount > 60);
  mark(section, pinned && section.contains(pinned) ? pinned : null);
}

function mark(section, node) {
  const on = new Set(node ? numbers(node) : []);
  const graph = section.querySelector(".graph");
  graph.classList.toggle("active", Boolean(node));
  graph.classList.toggle("pinned", Boolean(node) && node === pinned);
  graph.querySelectorAll("[data-traces]").forEach((each) =>
    each.classList.toggle("on", numbers(each).some((number) => on.has(number))));
}

function tell(section, node) {
  const on = new Set(numbers(node));
  const list = document.createElement("ul"), told = new Set();
  section.querySelectorAll("tbody tr").forEach((row) => {
    if (row.hidden || !numbers(row).some((number) => on.has(number))) return;
    const reason = row.querySelector(".reason"), place = row.querySelector(".place").textContent;
    const key = place + reason.textContent;
    if (told.has(key)) return;
    told.add(key);
    const item = document.createElement("li");
    item.append(`${place}: `, ...reason.cloneNode(true).childNodes);
    list.append(item);
  });
  const head = document.createElement("strong");
  head.textContent = node.querySelector("b").textContent;
  why.querySelector("div").replaceChildren(head, list);
  why.hidden = false;
}

function pin(node) {
  if (pinned) pinned.setAttribute("aria-pressed", "false");
  pinned = pinned === node ? null : node;
  if (pinned) pinned.setAttribute("aria-pressed", "true");
  why.hidden = !pinned;
  graphs.forEach((section) => mark(section, pinned && section.contains(pinned) ? pinned : null));
  if (pinned) tell(pinned.closest("section"), pinned);
}

function filter() {
  const off = { container: new Set(), role: new Set() };
  document.querySelectorAll(".filters input").forEach((box) => box.checked || off[box.name].add(box.value));
  graphs.forEach((section) => {
    const shown = new Set();
    section.querySelectorAll("tbody tr").forEach((row) => {
      row.hidden = off.container.has(row.dataset.container) || off.role.has(row.dataset.role);
      if (!row.hidden) numbers(row).forEach((number) => shown.add(number));
    });
    section.querySelectorAll(".node").forEach((node) => {
      node.closest("li").hidden = !numbers(node).some((number) => shown.has(number));
    });
    section.hidden = !shown.size;
    draw(section);
  });
  if (pinned && pinned.closest("li").hidden) pin(pinned);
}

graphs.forEach((section) => {
  section.edges = edgesOf(section);
  section.querySelectorAll(".node").forEach((node) => {
    const show = () => pinned || (mark(section, node), tell(section, node));
    const leave = () => pinned || (mark(section, null), (why.hidden = true));
    node.addEventListener("mouseenter", show);
    node.addEventListener("mouseleave", leave);
    node.addEventListener("focus", show);
    node.addEventListener("blur", leave);
    node.addEventListener("click", () => pin(node));
  });
});
document.querySelectorAll(".filters input").forEach((box) => box.addEventListener("change", filter));
document.querySelector(".filters").hidden = false;
why.querySelector("button").addEventListener("click", () => pinned && pin(pinned));
document.addEventListener("keydown", (event) => event.key === "Escape" && pinned && pin(pinned));
const narrow = matchMedia("screen and (max-width: 50rem)");
// A table that somebody opened stays open when the window is wide again.
const fit = () => document.querySelectorAll("details").forEach((each) => {
  if (narrow.matches) each.dataset.was ??= each.open ? "open" : "closed";
  each.open = narrow.matches || (each.dataset.was ? each.dataset.was === "open" : each.open);
  if (!narrow.matches) delete each.dataset.was;
});
document.body.classList.add("scripted");
narrow.addEventListener("change", fit);
fit();
const drawAll = () => graphs.forEach(draw);
new ResizeObserver(drawAll).observe(document.body);
addEventListener("beforeprint", () => { document.querySelectorAll("details").forEach((each) => { each.open = true; }); drawAll(); });
matchMedia("print").addEventListener("change", drawAll);
drawAll();
