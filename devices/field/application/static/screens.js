// What a technician reads: the visits, one visit, the van, what was sent.
import { Refused, toLoad } from "./codes.js";
import { badge, facts, field, h } from "./dom.js";
import * as queue from "./queue.js";
import { scan } from "./scan.js";
import { signaturePad } from "./sign.js";
import * as vault from "./vault.js";
import { _, day, moment } from "./words.js";

const tasksInWords = () => ({
  install: _("Poser un capteur"),
  swap: _("Remplacer le capteur"),
  meter: _("Compteur remplacé par le gestionnaire de réseau"),
  removal: _("Déposer le capteur"),
});
const places = () => ({
  switchboard: _("tableau électrique"), gas_emitter: _("émetteur du compteur de gaz"), height: _("en hauteur"), explosive: _("zone à risque d'explosion"),
});
const kinds = () => ({ electrical: _("habilitation électrique"), gas: _("habilitation gaz"), height: _("travail en hauteur"), explosive: _("zones ATEX") });
const DEMANDS = { switchboard: "electrical", gas_emitter: "gas", height: "height", explosive: "explosive" };
const steps = () => ({ ...tasksInWords(), load: _("Prise en tournée"), unload: _("Remise en stock"), start: _("Début de visite"), undo: _("Échange annulé"), close: _("Fin de visite") });

/** Return the words of what is to be done, for other screens. */
export function wordOf(kind) { return steps()[kind]; }

function storageNote(app) {
  if (app.persisted !== false || !app.carried) return null;
  return h("p", { class: "note warn" }, _("Ce navigateur peut effacer ce qui n'est pas envoyé s'il manque de place : installez l'application sur l'écran d'accueil, ou envoyez chaque soir."));
}

export async function visitsScreen(app) {
  const button = h("button", { type: "button", class: app.carried ? "second" : "main", onclick: () => { button.disabled = true; app.download(); } },
    app.carried ? _("Mettre à jour mes visites") : _("Télécharger mes visites"));
  if (!app.carried) {
    return h("section", {}, h("h1", {}, _("Où vais-je aujourd'hui ?")),
      h("p", { class: "lead" }, _("Ce téléphone ne porte encore rien. Téléchargez vos visites avant de partir : ensuite, tout marche sans réseau.")),
      h("div", { class: "bar" }, button));
  }
  const open = app.carried.visits.filter((visit) => visit.state !== "closed");
  const today = new Date().toLocaleDateString("sv-SE");
  return h("section", {}, h("h1", {}, _("Où vais-je aujourd'hui ?")),
    h("p", { class: "lead" }, open.length
      ? _("Visites à faire : {count} ; gardées jusqu'au {moment}.", { count: open.length, moment: moment(app.carried.until) })
      : _("Aucune visite à faire. Elles apparaîtront ici quand la SPL en aura prévu.")),
    storageNote(app),
    h("ul", { class: "cards" }, app.carried.visits.map((visit) => h("li", {}, h("a", { class: "card", href: `#/visit/${visit.id}` },
      h("strong", {}, visit.site.name), h("span", {}, `${visit.site.street} ${visit.site.postcode} ${visit.site.city}`),
      h("span", { class: "muted" }, day(visit.planned_on)),
      visit.state === "closed" ? badge("good", _("terminée")) : visit.state === "started" ? badge("busy", _("commencée"))
        : visit.planned_on < today ? badge("warn", _("en retard")) : badge("plain", _("prévue")),
      h("span", { class: "muted" }, _("Tâches faites : {done} sur {all}", { done: visit.tasks.filter((task) => task.done).length, all: visit.tasks.length })))))),
    h("div", { class: "bar" }, button));
}

/** Return the kinds of authorisation a visit demands that its technician does not hold today. */
export function missing(carried, visit, today) {
  const valid = new Set(carried.authorisations.filter((one) => one.start <= today && today < one.end).map((one) => one.kind));
  return [...new Set(visit.tasks.map((task) => DEMANDS[task.place]).filter(Boolean))].filter((kind) => !valid.has(kind));
}

export async function visitScreen(app, number) {
  const visit = app.carried?.visits.find((one) => String(one.id) === number);
  if (!visit) return visitsScreen(app);
  const { sheet } = visit;
  const asbestos = { seen: _("dossier amiante consulté"), not_needed: _("permis après le 1er juillet 1997 : pas de dossier") };
  const all = await queue.entries();
  const undoable = all.filter((entry) => entry.item.visit === visit.id && entry.item.kind === "swap" && entry.state === "applied"
    && !all.some((other) => other.item.kind === "undo" && other.item.said.swap === entry.item.key)
    && Date.now() - Date.parse(entry.item.done_at) < 24 * 3600 * 1000);
  return h("section", {}, h("p", { class: "back" }, h("a", { href: "#/" }, `← ${_("Visites")}`)),
    h("h1", {}, visit.site.name),
    h("p", { class: "lead" }, `${visit.site.street}, ${visit.site.postcode} ${visit.site.city} · ${day(visit.planned_on)}`),
    visit.instructions && h("p", { class: "note" }, visit.instructions),
    facts([[_("Clés"), sheet.keys], [_("Alarme"), sheet.alarm], [_("Ouverture"), sheet.opening_hours], [_("Contact"), sheet.contact],
      [_("Téléphone"), sheet.phone && h("a", { href: `tel:${sheet.phone.replace(/[^+0-9]/g, "")}` }, sheet.phone)],
      [_("Amiante"), asbestos[sheet.asbestos] || _("dossier à consulter sur place")],
      [_("Hauteur"), sheet.height_risk], [_("Explosion"), sheet.explosion_risk]]),
    h("h2", {}, _("Que faire ?")),
    h("ul", { class: "cards" }, visit.tasks.map((task) => h("li", {}, taskCard(visit, task, all)))),
    undoable.map((entry) => h("p", {}, h("a", { class: "button second", href: `#/task/${visit.id}/${entry.item.task}/undo` }, _("Annuler cet échange")))),
    visit.state === "planned" ? starting(app, visit) : visit.state === "started" ? h("div", { class: "bar" },
      h("button", { type: "button", class: "main", onclick: (event) => closing(app, visit, event.target) }, _("Terminer et faire signer"))) : null);
}

function taskCard(visit, task, all) {
  const sent = all.filter((entry) => entry.item.task === task.id).at(-1);
  const inside = [h("strong", {}, tasksInWords()[task.kind]), h("span", {}, `${task.point.building}, ${task.point.name}`),
    places()[task.place] && badge("warn", places()[task.place]), task.note && h("span", { class: "muted" }, task.note),
    task.done ? (sent?.test ? testBadge(sent.test) : badge("good", _("fait"))) : badge("plain", _("à faire"))];
  if (task.done || visit.state !== "started") return h("div", { class: "card" }, inside);
  return h("a", { class: "card", href: `#/task/${visit.id}/${task.id}` }, inside);
}

function testBadge(test) {
  const words = { pending: ["busy", _("essai à confirmer")], passed: ["good", _("essai réussi")], reserve: ["warn", _("réussi avec réserve")], failed: ["bad", _("essai échoué")] };
  return badge(...words[test.state]);
}

function starting(app, visit) {
  const lacking = missing(app.carried, visit, new Date().toLocaleDateString("sv-SE"));
  if (lacking.length) {
    return h("p", { class: "refusal", role: "alert" }, _("Cette visite demande une habilitation en cours que vous n'avez pas ({kinds}) ; ne commencez pas : demandez à la SPL.",
      { kinds: lacking.map((kind) => kinds()[kind]).join(", ") }));
  }
  const mustSee = visit.sheet.asbestos !== "seen" && visit.sheet.asbestos !== "not_needed";
  const seen = h("input", { type: "checkbox", name: "asbestos_seen" });
  const refusal = h("p", { class: "refusal", role: "alert" });
  return [mustSee && h("label", { class: "tick" }, seen, _("J'ai consulté le dossier amiante du site")), refusal,
    h("div", { class: "bar" }, h("button", { type: "button", class: "main", onclick: async () => {
      if (mustSee && !seen.checked) {
        refusal.textContent = _("Consultez le dossier amiante du site avant de commencer, puis confirmez-le.");
        return;
      }
      await queue.add(app, { kind: "start", visit: visit.id, said: { asbestos_seen: seen.checked } });
      app.show();
    } }, _("Commencer la visite")))];
}

function closing(app, visit, button) {
  const pad = signaturePad();
  const keeper = h("input", { name: "keeper", autocomplete: "off" });
  const email = h("input", { name: "keeper_email", type: "email", autocomplete: "off" });
  const remarks = h("textarea", { name: "remarks", rows: 3 });
  const unsigned = h("input", { name: "unsigned", autocomplete: "off" });
  const refusal = h("p", { class: "refusal", role: "alert" });
  const unfinished = visit.tasks.some((task) => !task.done);
  const form = h("section", { class: "form" }, h("h2", {}, _("Qui signe pour le site ?")),
    field(_("Nom et fonction"), keeper), field(_("Adresse électronique"), email, { help: _("Facultatif : le rapport y sera annoncé.") }), pad,
    h("button", { type: "button", class: "second", onclick: () => pad.clear() }, _("Effacer la signature")),
    field(_("Personne pour signer ? Dites pourquoi"), unsigned), field(_("Remarques"), remarks), refusal,
    h("div", { class: "bar" }, h("button", { type: "button", class: "main", onclick: async () => {
      const absent = unsigned.value.trim();
      if (!absent && (!keeper.value.trim() || !pad.strokes.length)) refusal.textContent = _("Faites écrire le nom et signer, ou dites pourquoi personne ne signe.");
      else if (unfinished && !remarks.value.trim()) refusal.textContent = _("Tout n'est pas fait ; écrivez dans les remarques ce qui reste et pourquoi.");
      else {
        await queue.add(app, { kind: "close", visit: visit.id, said: {
          keeper: keeper.value, keeper_email: email.value, remarks: remarks.value, unsigned: absent, signature: absent ? [] : pad.strokes } });
        app.say(_("Visite terminée ; le rapport sera fait dès que tout sera envoyé."));
        app.go("#/");
      }
    } }, _("Terminer la visite"))));
  button.parentElement.replaceWith(form);
  form.scrollIntoView();
}

export async function vanScreen(app) {
  if (!app.carried) return visitsScreen(app);
  const box = h("input", { name: "serial", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" });
  const refusal = h("p", { class: "refusal", role: "alert" });
  const take = async (scanned) => {
    try {
      const device = toLoad(app.carried, scanned);
      await queue.add(app, { kind: "load", said: { serial: device.serial } });
      app.show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal.textContent = error.message;
    }
  };
  const models = new Map();
  for (const serial of app.carried.van) {
    const model = app.carried.devices.find((one) => one[0] === serial)?.[3] || _("modèle inconnu");
    models.set(model, (models.get(model) || 0) + 1);
  }
  return h("section", {}, h("h1", {}, _("Qu'y a-t-il dans ma tournée ?")),
    h("p", { class: "lead" }, app.carried.van.length ? _("Capteurs : {models}.", { models: [...models].map(([model, count]) => `${count} × ${model}`).join(", ") })
      : _("Aucun capteur. Scannez ceux que vous prenez en stock.")),
    field(_("Numéro du capteur à prendre"), box, { help: _("Étiquette TR005, DevEUI ou numéro de série.") }), refusal,
    h("ul", { class: "cards" }, app.carried.van.map((serial) => h("li", { class: "card row" }, h("code", {}, serial),
      h("button", { type: "button", class: "second", onclick: async () => {
        await queue.add(app, { kind: "unload", said: { serial } });
        app.show();
      } }, _("Remettre en stock"))))),
    h("div", { class: "bar" }, h("button", { type: "button", class: "second", onclick: async () => {
      try { const code = await scan(); if (code) { box.value = code; await take(code); } } catch (error) { refusal.textContent = error.message; }
    } }, _("Scanner")), h("button", { type: "button", class: "main", onclick: () => take(box.value) }, _("Prendre"))));
}

export async function queueScreen(app) {
  const all = (await queue.entries()).reverse();
  const tones = { pending: ["busy", _("en attente")], applied: ["good", _("envoyé")], refused: ["bad", _("refusé")], conflict: ["warn", _("en conflit")], set_aside: ["plain", _("mis de côté")] };
  const waiting = all.filter((entry) => entry.state === "pending").length;
  return h("section", {}, h("h1", {}, _("Tout est-il envoyé ?")),
    h("p", { class: "lead" }, waiting ? _("Non : {count} en attente sur ce téléphone.", { count: waiting }) : _("Oui : rien n'attend sur ce téléphone.")),
    storageNote(app),
    h("ul", { class: "cards" }, all.map((entry) => h("li", { class: "card" },
      h("strong", {}, wordOf(entry.item.kind)), h("span", { class: "muted" }, `${entry.item.said.serial || ""} ${moment(entry.item.done_at)}`),
      badge(...tones[entry.state]), entry.sentence && h("p", { class: entry.state === "refused" ? "refusal" : "note warn" }, entry.sentence),
      entry.state === "conflict" && h("p", { class: "muted" }, _("Ce que vous avez fait est gardé entier. La SPL compare les deux et décide ; rien n'est perdu.")),
      entry.settled_by && h("p", { class: "muted" }, _("Décidé par {name}.", { name: entry.settled_by })),
      entry.fault && h("p", { class: "refusal" }, _("Le serveur ne comprend pas cet envoi (erreur {code}) ; montrez-le à la SPL.", { code: entry.fault })),
      entry.test && test(entry.test),
      entry.state === "refused" && entry.item.task && h("button", { type: "button", class: "second", onclick: async () => {
        await vault.keep("records", `draft-${entry.item.task}-${entry.item.kind}`, queue.again(entry));
        await queue.drop(entry.item.key);
        app.go(`#/task/${entry.item.visit}/${entry.item.task}${entry.item.kind === "undo" ? "/undo" : ""}`);
      } }, _("Corriger et refaire")),
      entry.state === "refused" && entry.item.kind === "start" && h("button", { type: "button", class: "second", onclick: async () => {
        await queue.drop(entry.item.key);
        app.go(`#/visit/${entry.item.visit}`);
      } }, _("Recommencer la visite"))))),
    all.length === 0 && h("p", { class: "muted" }, _("Ce que vous ferez apparaîtra ici : en attente, envoyé ou refusé avec sa raison.")),
    h("div", { class: "bar" }, h("button", { type: "button", class: "main", disabled: !waiting, onclick: async () => {
      await queue.flush();
      await app.show();
      if (queue.problem.offline) app.say(_("Pas de réseau : recommencez quand il revient."), "warn");
    } }, _("Envoyer maintenant"))));
}

/** Return the checks of a commissioning test. */
export function test(told) {
  const names = { join: _("Réseau"), decoded: _("Premier message"), period: _("Deuxième message"), index: _("Index = cadran"), radio: _("Radio"), clock: _("Horloge"), plausible: _("Valeur plausible") };
  const marks = { good: "good", reserve: "warn", bad: "bad", waiting: "busy", none: "plain" };
  const words = { good: _("bon"), reserve: _("réserve"), bad: _("mauvais"), waiting: _("attendu"), none: _("sans objet") };
  return h("details", { class: "test", open: told.state !== "passed" }, h("summary", {}, testBadge(told)),
    h("ul", {}, told.checks.map((check) => h("li", {}, badge(marks[check.result], words[check.result]), " ", h("strong", {}, names[check.name]), " ", check.sentence))));
}
