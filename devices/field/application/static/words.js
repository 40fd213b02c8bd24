// The sentences of the application: written in French where they are used, shown in the reader's language.
let table = {};

/** Read the sentences of `language`; without them it stays French. */
export async function speak(language) {
  document.documentElement.lang = language;
  if (language === "fr") { table = {}; return; }
  try {
    const answer = await fetch(`/field/words-${language}.json`);
    table = answer.ok ? await answer.json() : {};
  } catch {
    document.documentElement.lang = "fr";
  }
}

/** Return a French sentence in the reader's language, its places filled. */
export function _(sentence, values = {}) {
  return (table[sentence] || sentence).replace(/\{(\w+)\}/g, (place, name) => (name in values ? values[name] : place));
}

/** Return a day (2026-03-01) or an instant as the reader writes it. */
export function day(written) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long" })
    .format(new Date(`${written}T12:00`));
}

export function moment(written) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" })
    .format(new Date(written));
}
