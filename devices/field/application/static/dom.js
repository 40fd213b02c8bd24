// Elements made one by one: nothing that was said by anybody is ever read as HTML.

/** Return an element: its attributes (`on…` are listeners), then what stands in it. */
export function h(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...inside.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return element;
}

/** Put `inside` in place of what an element shows. */
export function fill(element, ...inside) {
  element.replaceChildren(...inside.flat(Infinity).filter(Boolean));
}

/** A field: its label above, help beside, the sentence that refuses it under it. */
export function field(label, input, { help = "", refusal = "" } = {}) {
  const id = `f-${input.name || input.id}`;
  input.id = id;
  if (refusal) input.setAttribute("aria-invalid", "true");
  if (help || refusal) input.setAttribute("aria-describedby", `${id}-help`);
  return h("div", { class: "field" }, h("label", { for: id }, label), input,
    (help || refusal) && h("p", { id: `${id}-help`, class: refusal ? "refusal" : "help" }, refusal || help));
}

/** A state: a mark and a word, never a colour alone. */
export function badge(tone, word) {
  const marks = { good: "✓", warn: "!", bad: "✕", busy: "…", plain: "○" };
  return h("span", { class: `badge ${tone}` }, h("span", { "aria-hidden": "true" }, marks[tone]), word);
}

export function facts(rows) {
  const told = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return told.length ? h("dl", { class: "facts" }, told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])) : null;
}
