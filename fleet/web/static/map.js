// The map of the sites. Marks are circles, so that no picture is fetched; a mark leads to the page of its site.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const ground = document.getElementById("map");
  const sites = JSON.parse(document.getElementById("map-sites").textContent);
  const map = window.L.map(ground, { attributionControl: Boolean(ground.dataset.credit) });
  if (map.attributionControl) {
    map.attributionControl.setPrefix(false);
  }
  if (ground.dataset.tiles) {
    const credit = document.createElement("span");
    credit.textContent = ground.dataset.credit;
    window.L.tileLayer(ground.dataset.tiles, { attribution: credit.outerHTML, maxZoom: 19 }).addTo(map);
  }
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  for (const site of sites) {
    const mark = window.L.circleMarker(site.at, {
      color: colour("--paper"),
      fillColor: colour(site.alerts ? "--excess" : "--sea"),
      fillOpacity: 1,
      radius: site.alerts ? 10 : 8,
      weight: 2,
    }).addTo(map);
    const words = document.createElement("span");
    words.textContent = site.alerts
      ? `${site.name}, ${site.city} · ${site.alerts} ${ground.dataset.alerts}`
      : `${site.name}, ${site.city}`;
    mark.bindTooltip(words);
    mark.on("click", () => window.location.assign(site.href));
  }
  map.fitBounds(window.L.latLngBounds(sites.map((site) => site.at)).pad(0.2), { maxZoom: 15 });
  ground.dataset.drawn = "true";
});
