// Draws the charts. Everything else on a page is HTML, and htmx where a part of it renews itself.
// Runs under a Content-Security-Policy without inline code and without eval: Vega interprets its expressions (ast).
"use strict";

(() => {
  const page = document.documentElement.dataset;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const loading = new Map();

  function script(name) {
    if (!loading.has(name)) {
      loading.set(name, new Promise((resolve, reject) => {
        const element = document.createElement("script");
        element.src = `${page.vendor}${name}?v=${page.version}`;
        element.onload = resolve;
        element.onerror = () => reject(new Error(name));
        document.head.append(element);
      }));
    }
    return loading.get(name);
  }

  function theme() {
    const mode = dark.matches ? "dark" : "light";
    const address = `${page.vendor}theme/${page.language}/${mode}.json?v=${page.version}`;
    if (!loading.has(address)) {
      loading.set(address, fetch(address).then((answer) => answer.json()));
    }
    return loading.get(address);
  }

  async function draw(figure) {
    const picture = figure.querySelector(".picture");
    try {
      const config = await theme();
      await script("vega.js");
      await script("vega-lite.js");
      await script("vega-embed.js");
      const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
      await window.vegaEmbed(picture, spec, {
        actions: false,
        ast: true,
        config,
        defaultStyle: false,
        renderer: "svg",
        tooltip: { disableDefaultStyle: true },
      });
      figure.dataset.drawn = "true";
    } catch (error) {
      // The table says the same as the picture.
      figure.dataset.drawn = "failed";
      figure.querySelector("details").open = true;
      throw error;
    }
  }

  function drawAll(root) {
    for (const figure of root.querySelectorAll("figure.chart")) {
      draw(figure);
    }
  }

  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
  dark.addEventListener("change", () => drawAll(document));
})();
