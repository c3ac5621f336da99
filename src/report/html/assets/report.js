"use strict";
for (const button of document.querySelectorAll("button.scales")) {
  const figure = button.closest("figure");
  const paths = figure.querySelectorAll("path[data-d]");
  let isLinear = false;
  const label = () => { button.textContent = isLinear ? "log scale" : "linear scale"; };
  button.hidden = false;
  label();
  button.addEventListener("click", () => {
    isLinear = !isLinear;
    for (const path of paths) {
      const other = path.dataset.d;
      path.dataset.d = path.getAttribute("d");
      path.setAttribute("d", other);
    }
    for (const off of figure.querySelectorAll("g.off")) {
      for (const scale of off.parentNode.querySelectorAll("g.scale")) scale.classList.toggle("off");
    }
    label();
  });
}
for (const svg of document.querySelectorAll("svg[data-places]")) {
  const readout = svg.nextElementSibling;
  const places = svg.dataset.places.split(" ").map(Number);
  const names = readout.dataset.places.split("|");
  const head = document.createElement("b");
  const series = [...readout.children].map((item) => {
    return { item, name: item.textContent, values: item.dataset.values.split("|") };
  });
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  let at = -1;
  line.setAttribute("class", "crosshair");
  svg.append(line);
  readout.prepend(head);
  const hide = () => {
    at = -1;
    readout.hidden = true;
    line.removeAttribute("d");
  };
  const show = (index) => {
    at = Math.min(Math.max(index, 0), places.length - 1);
    line.setAttribute("d", `M${places[at]} ${svg.dataset.top}V${svg.dataset.bottom}`);
    head.textContent = `${readout.dataset.name} ${names[at]}`;
    for (const { item, name, values } of series) {
      item.textContent = `${name} ${values[at]}`;
      item.hidden = !values[at];
    }
    readout.classList.toggle("at-left", places[at] > svg.viewBox.baseVal.width / 2);
    readout.hidden = false;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    let nearest = 0;
    places.forEach((place, index) => {
      if (Math.abs(place - x) < Math.abs(places[nearest] - x)) nearest = index;
    });
    show(nearest);
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    if (step) {
      show(at < 0 ? (step > 0 ? 0 : places.length - 1) : at + step);
      event.preventDefault();
    }
  });
}
