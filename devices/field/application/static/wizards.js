// One question a screen, one hand: the answer of each is kept as it is given, so that a closed browser loses nothing.
import { Refused, inPlace, toInstall } from "./codes.js";
import { field, fill, h } from "./dom.js";
import { shown, takeIn } from "./photo.js";
import * as queue from "./queue.js";
import { scan } from "./scan.js";
import { visitsScreen, wordOf } from "./screens.js";
import * as vault from "./vault.js";
import { _ } from "./words.js";

// The questions of each kind of work, in order.
const QUESTIONS = {
  install: ["device", "meter", "before", "dial", "after", "check"],
  swap: ["old", "old_dial", "becomes", "device", "dial", "after", "check"],
  meter: ["same", "old_dial", "meter", "dial", "check"],
  removal: ["same", "dial", "leave", "check"],
  undo: ["dial", "check"],
};
const number = (typed) => typed.replace(/[\s\u202f\u00a0]/g, "").replace(",", ".");

export async function wizardScreen(app, visitNumber, taskNumber, how = "") {
  const visit = app.carried?.visits.find((one) => String(one.id) === visitNumber);
  const task = visit?.tasks.find((one) => String(one.id) === taskNumber);
  if (!task) return visitsScreen(app);
  const kind = how === "undo" ? "undo" : task.kind;
  const name = `draft-${task.id}-${kind}`;
  const draft = (await vault.read("records", name)) || { at: 0, said: {}, photos: [], key: crypto.randomUUID() };
  const work = { app, visit, task, kind, draft, name, questions: QUESTIONS[kind] };
  return ask(work);
}

async function ask(work) {
  const { draft, questions, task, visit } = work;
  const question = questions[draft.at];
  const refusal = h("p", { class: "refusal", role: "alert" });
  const body = await ASKED[question](work, refusal);
  const next = h("button", { type: "button", class: "main" }, draft.at === questions.length - 1 ? _("Enregistrer") : _("Suivant"));
  next.addEventListener("click", async () => {
    next.disabled = true;
    try {
      await body.answer();
      if (draft.at === questions.length - 1) { await finish(work); return; }
      draft.at += 1;
      await vault.keep("records", work.name, draft);
      work.app.show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal.textContent = error.message;
      refusal.scrollIntoView({ block: "center" });
    } finally {
      next.disabled = false;
    }
  });
  return h("section", { class: "form", "data-question": question },
    h("p", { class: "back" }, h("a", { href: `#/visit/${visit.id}` }, `← ${visit.site.name}`), ` · ${wordOf(work.kind)}`),
    h("p", { class: "muted" }, `${task.point.building}, ${task.point.name}`),
    h("progress", { max: questions.length, value: draft.at + 1, "aria-label": _("Étape {at} sur {all}", { at: draft.at + 1, all: questions.length }) }),
    body.shown, refusal,
    h("div", { class: "bar" }, h("button", { type: "button", class: "second", onclick: async () => {
      if (draft.at === 0) { work.app.go(`#/visit/${visit.id}`); return; }
      draft.at -= 1;
      await vault.keep("records", work.name, draft);
      work.app.show();
    } }, _("Retour")), next));
}

function codeQuestion(title, name, judge) {
  return async (work, refusal) => {
    const box = h("input", { name, value: work.draft.said[name] || "", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" });
    const told = h("p", { class: "note", "aria-live": "polite" });
    const look = () => {
      try {
        refusal.textContent = "";
        const found = judge(work, box.value);
        told.textContent = found.model ? `${found.serial} · ${found.model}` : "";
      } catch (error) {
        told.textContent = "";
        if (box.value) refusal.textContent = error.message;
      }
    };
    box.addEventListener("change", look);
    return {
      shown: [h("h1", {}, title()), field(_("Numéro de série, DevEUI ou code de l'étiquette"), box), told,
        h("button", { type: "button", class: "second wide", onclick: async () => {
          try { const code = await scan(); if (code) { box.value = code; look(); } } catch (error) { refusal.textContent = error.message; }
        } }, _("Scanner l'étiquette"))],
      answer() {
        if (!box.value.trim()) throw new Refused(_("Scannez ou tapez le numéro du capteur."));
        work.draft.said[name] = judge(work, box.value).serial;
      },
    };
  };
}

const standing = (work, scanned) => ({ serial: inPlace(work.task, scanned) });

async function photoButton(work, kind, label) {
  const box = h("div", { class: "photos" });
  const show = async () => fill(box, await Promise.all(work.draft.photos.filter((one) => one.kind === kind)
    .map(async (one) => h("img", { src: await shown(one.id), alt: _("Photo prise ({kind})", { kind: label }) }))));
  const input = h("input", { type: "file", accept: "image/*", capture: "environment", class: "unseen", id: `photo-${kind}`, "data-kind": kind, onchange: async () => {
    for (const file of input.files) work.draft.photos.push(await takeIn(file, kind));
    await vault.keep("records", work.name, work.draft);
    input.value = "";
    await show();
    box.dataset.taken = String(work.draft.photos.filter((one) => one.kind === kind).length);
  } });
  await show();
  return [h("label", { class: "button second wide", for: `photo-${kind}` }, label), input, box];
}

const taken = (work, kind) => work.draft.photos.some((one) => one.kind === kind);

function dialQuestion(title, name) {
  return async (work) => {
    const { said } = work.draft;
    const index = h("input", { name, value: said[name] || "", inputmode: "decimal", autocomplete: "off", class: "figure" });
    const unreadable = h("input", { name: `${name}_unreadable`, value: said[`${name}_unreadable`] || "", autocomplete: "off" });
    return {
      shown: [h("h1", {}, title()), field(_("Index au cadran"), index, { help: _("Tous les chiffres, avec la virgule s'il y en a une.") }),
        await photoButton(work, "dial", _("Photographier le cadran")),
        h("p", { class: "help" }, _("Ni visage ni plaque d'immatriculation sur la photo.")),
        field(_("Cadran illisible ? Dites pourquoi"), unreadable)],
      answer() {
        const typed = number(index.value);
        const why = unreadable.value.trim();
        if (!typed && !why) throw new Refused(_("Écrivez l'index du cadran, ou dites pourquoi il ne peut pas être lu."));
        if (typed && !/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(typed)) throw new Refused(_("« {value} » n'est pas un index ; écrivez des chiffres.", { value: index.value }));
        if (typed && !taken(work, "dial")) throw new Refused(_("Photographiez le cadran : l'index écrit doit pouvoir être vérifié."));
        if (typed && name === "dial" && work.kind === "swap" && said.old_dial && Number(typed) < Number(said.old_dial)) {
          throw new Refused(_("L'index à la pose est plus petit qu'à la dépose ({old}) : c'est le même compteur ; relisez le cadran.", { old: said.old_dial }));
        }
        said[name] = typed;
        said[`${name}_unreadable`] = typed ? "" : why;
        if (name === "old_dial") work.draft.off_at = new Date().toISOString();
      },
    };
  };
}

function photoQuestion(title, kind) {
  return async (work) => ({
    shown: [h("h1", {}, title()), await photoButton(work, kind, _("Prendre une photo")), h("p", { class: "help" }, _("Ni visage ni plaque d'immatriculation sur la photo."))],
    answer() { if (!taken(work, kind)) throw new Refused(_("Prenez la photo : elle fait foi s'il y a un doute plus tard.")); },
  });
}

function options(name, words, chosen) {
  return h("select", { name }, Object.entries(words).map(([value, word]) => h("option", { value, selected: value === chosen }, word)));
}

const becoming = () => ({ faulty: _("en panne : à réparer"), in_van: _("bon : dans la tournée"), stocked: _("bon : au stock"), retired: _("réformé : déchet électronique") });

const ASKED = {
  device: codeQuestion(() => _("Quel capteur posez-vous ?"), "serial", (work, scanned) => {
    const device = toInstall(work.app.carried, work.task, scanned);
    if (device.serial === work.draft.said.old) throw new Refused(_("L'ancien et le nouveau capteur sont le même ; scannez le nouveau."));
    return device;
  }),
  old: codeQuestion(() => _("Quel capteur déposez-vous ?"), "old", standing),
  same: codeQuestion(() => _("Quel capteur est en place ?"), "serial", standing),
  old_dial: dialQuestion(() => _("Que montre le cadran avant ?"), "old_dial"),
  dial: dialQuestion(() => _("Que montre le cadran maintenant ?"), "dial"),
  before: photoQuestion(() => _("Photo avant de toucher à quoi que ce soit"), "before"),
  after: photoQuestion(() => _("Photo une fois le travail fini"), "after"),
  async becomes(work) {
    const { faulty, in_van: inVan, stocked } = becoming();
    const words = { faulty, in_van: inVan, stocked };
    const choice = options("old_becomes", words, work.draft.said.old_becomes || "faulty");
    return { shown: [h("h1", {}, _("Dans quel état est l'ancien capteur ?")), field(_("Il est"), choice)], answer() { work.draft.said.old_becomes = choice.value; } };
  },
  async meter(work, refusal) {
    const { said } = work.draft;
    const { task } = work;
    const serial = h("input", { name: "meter_serial", value: said.meter_serial || "", autocomplete: "off" });
    const identifier = h("input", { name: "identifier", value: said.identifier || "", inputmode: "numeric", autocomplete: "off" });
    const weight = h("input", { name: "pulse_weight", value: said.pulse_weight || task.factor, inputmode: "decimal", autocomplete: "off" });
    const ratio = h("input", { name: "ct_ratio", value: said.ct_ratio || "1", inputmode: "decimal", autocomplete: "off" });
    return {
      shown: [h("h1", {}, work.kind === "meter" ? _("Quel est le nouveau compteur ?") : _("Quel est ce compteur ?")), field(_("Numéro de série du compteur"), serial),
        h("button", { type: "button", class: "second wide", onclick: async () => {
          try {
            const code = await scan();
            // 14 digits are the point's number, anything else the meter's own.
            if (code) (/^[0-9]{14}$/.test(code.trim()) ? identifier : serial).value = code.trim();
          } catch (error) { refusal.textContent = error.message; }
        } }, _("Scanner le compteur")),
        field(_("PRM ou PCE"), identifier, { help: task.point.identifier ? _("14 chiffres ; celui du point finit par {end}.", { end: task.point.identifier.slice(-4) }) : _("14 chiffres, s'il est écrit sur le compteur.") }),
        field(_("Poids d'impulsion"), weight, { help: _("Écrit sur la plaque : kWh ou m³ par impulsion ; 1 s'il n'y en a pas.") }), field(_("Rapport de transformation (TC)"), ratio, { help: _("1 sans transformateur de courant.") })],
      answer() {
        const typed = identifier.value.replace(/\s/g, "");
        if (typed && !/^[0-9]{14}$/.test(typed)) throw new Refused(_("Un PRM ou un PCE a 14 chiffres ; vous en avez écrit {count}.", { count: typed.length }));
        if (typed && task.point.identifier && typed !== task.point.identifier) throw new Refused(_("Ce compteur n'est pas celui du point : son numéro est {known}.", { known: task.point.identifier }));
        if (work.kind === "meter" && !serial.value.trim()) throw new Refused(_("Écrivez le numéro de série du nouveau compteur."));
        for (const box of [weight, ratio]) {
          if (!/^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(number(box.value)) || Number(number(box.value)) === 0) throw new Refused(_("Le poids d'impulsion et le rapport de TC sont des nombres plus grands que zéro."));
        }
        Object.assign(said, { meter_serial: serial.value.trim(), identifier: typed, pulse_weight: number(weight.value), ct_ratio: number(ratio.value) });
      },
    };
  },
  async leave(work) {
    const { said } = work.draft;
    const reason = h("input", { name: "reason", value: said.reason || "", autocomplete: "off" });
    const choice = options("becomes", becoming(), said.becomes || "in_van");
    const waste = h("input", { name: "waste", value: said.waste || "", autocomplete: "off" });
    return {
      shown: [h("h1", {}, _("Pourquoi le déposer, et où va-t-il ?")), field(_("Raison"), reason), field(_("Il est"), choice),
        field(_("Réformé : où va le déchet électronique (DEEE) ?"), waste, { help: _("Point de collecte et numéro du bon.") })],
      answer() {
        if (!reason.value.trim()) throw new Refused(_("Dites pourquoi le capteur est déposé."));
        if (choice.value === "retired" && !waste.value.trim()) throw new Refused(_("Dites où va ce déchet électronique (DEEE)."));
        Object.assign(said, { reason: reason.value, becomes: choice.value, waste: waste.value });
      },
    };
  },
  async check(work) {
    const { said, photos } = work.draft;
    const remark = h("textarea", { name: "remark", rows: 2 });
    remark.value = said.remark || "";
    const names = { serial: _("Capteur"), old: _("Capteur déposé"), old_dial: _("Index avant"), dial: _("Index"), meter_serial: _("Compteur"), identifier: _("PRM ou PCE"), reason: _("Raison") };
    return {
      shown: [h("h1", {}, _("Est-ce juste ?")), h("dl", { class: "facts" }, Object.entries(names).filter(([name]) => said[name]).map(([name, word]) => [h("dt", {}, word), h("dd", {}, said[name])]),
        h("dt", {}, _("Photos")), h("dd", {}, String(photos.length))),
      work.kind !== "removal" && h("p", { class: "note" }, _("L'essai de mise en service reste « à confirmer » jusqu'au premier message du capteur ; il se termine tout seul.")),
      field(_("Remarque"), remark)],
      answer() { said.remark = remark.value.trim(); },
    };
  },
};

/** Return where the phone is, where it may say so and knows it soon; otherwise null. */
function position() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) { resolve(null); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy }),
      () => resolve(null), { maximumAge: 300000, timeout: 3000 });
  });
}

/** Put what was done in the queue, and let the phone know it as the server will. */
async function finish(work) {
  const { app, draft, kind, task, visit } = work;
  const said = { ...draft.said };
  const done = new Date().toISOString();
  if (draft.off_at && (kind === "swap" || kind === "meter")) said.gap_minutes = String(Math.max(0, Math.round((Date.now() - Date.parse(draft.off_at)) / 60000)));
  if (kind === "undo") said.swap = (await queue.entries()).filter((entry) => entry.item.task === task.id && entry.item.kind === "swap").at(-1)?.item.key;
  await queue.add(app, { kind, visit: visit.id, task: task.id, said, photos: draft.photos, key: draft.key, place: await position(), done_at: done });
  await vault.forget("records", work.name);
  app.say(_("Enregistré sur ce téléphone ; l'essai reste à confirmer."));
  app.go(`#/visit/${visit.id}`);
}
