// The application: starts without a network, goes from screen to screen, sends when it can.
import { apply } from "./carried.js";
import { badge, fill, h } from "./dom.js";
import { Offline, SignedOut, send, standing, whoami } from "./net.js";
import * as queue from "./queue.js";
import { Refused } from "./codes.js";
import { queueScreen, vanScreen, visitScreen, visitsScreen } from "./screens.js";
import * as vault from "./vault.js";
import { wizardScreen } from "./wizards.js";
import { _, moment, speak } from "./words.js";

const top = document.getElementById("top");
const screen = document.getElementById("screen");
const said = document.getElementById("said");
const FOLLOW_EVERY = 15000;
const RENEW_EVERY = 5 * 60 * 1000;

export const app = {
  carried: null,
  persisted: null,
  go(hash) { if (location.hash === hash) show(); else location.hash = hash; },
  say(sentence, tone = "good") {
    fill(said, h("p", { class: `toast ${tone}` }, sentence));
    clearTimeout(app.timer);
    app.timer = setTimeout(() => fill(said), 8000);
  },
  async change(carried) { app.carried = carried; await vault.keep("records", "carried", carried); },
  download, show,
};

/** Forget what is too old or was taken back; what waits to be sent stays. */
async function forgetVisits(sentence) {
  await vault.forgetVisits();
  app.carried = null;
  app.say(sentence, "warn");
}

async function lookAtStanding() {
  if (!app.carried) return;
  if (Date.now() >= Date.parse(app.carried.until)) {
    await forgetVisits(_("Ce que portait ce téléphone a expiré et a été effacé ; téléchargez vos visites à nouveau."));
  } else if (navigator.onLine) {
    try {
      const token = app.carried.token;
      if ((await standing(token)) !== "valid") {
        await forgetVisits(_("La SPL a repris ce que portait ce téléphone : c'est effacé. Ce que vous avez fait et pas encore envoyé est gardé."));
        await standing(token, true);
      }
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
    }
  }
}

/** Bring the visits up to date; raises SignedOut, Offline or a sentence. What still waits is done again on the copy. */
async function renew() {
  const who = await whoami();
  if (!who.account) throw new SignedOut();
  const waiting = (await queue.entries()).filter((entry) => entry.state === "pending");
  if (waiting.some((entry) => entry.account.id !== who.account.id)) {
    throw new Refused(_("Ce téléphone garde du travail de {name} qui n'est pas envoyé : demandez-lui de se connecter ici d'abord.", { name: waiting[0].account.name }));
  }
  const carried = await send("/field/download", { previous: app.carried?.token || "" });
  if (!carried.visits) throw new Refused(carried.sentence || "");
  // By the phone's own clock: the server's may be set otherwise in a demonstration.
  carried.until = new Date(Date.now() + Date.parse(carried.expires_at) - Date.parse(carried.made_at)).toISOString();
  carried.renewed = Date.now();
  carried.language = who.language;
  for (const entry of waiting) apply(carried, entry.item);
  await speak(who.language);
  await app.change(carried);
}

async function download() {
  try {
    await queue.flush();
    await renew();
    app.persisted = await (navigator.storage?.persist?.() ?? false);
    navigator.serviceWorker?.ready.then((worker) => worker.active?.postMessage("keep the scanner"));
    app.say(_("Vos visites sont sur ce téléphone jusqu'au {moment}.", { moment: moment(app.carried.until) }));
  } catch (error) {
    if (error instanceof SignedOut) location.assign("/sign-in?next=/field/");
    else if (error instanceof Offline) app.say(_("Pas de réseau : recommencez quand il revient."), "warn");
    else if (error instanceof Refused) app.say(error.message, "bad");
    else throw error;
  }
  show();
}

async function header() {
  const all = await queue.entries();
  const count = (state) => all.filter((entry) => entry.state === state).length;
  const [pending, refused, conflicts] = ["pending", "refused", "conflict"].map(count);
  const here = location.hash.split("/")[1] || "";
  const link = (hash, word, mark = null) => h("a", { href: `#/${hash}`, "aria-current": here === hash ? "page" : false }, word, mark);
  fill(top, h("nav", { "aria-label": _("Lieux") },
    link("", _("Visites")), link("van", _("Tournée"), app.carried && h("span", { class: "count" }, String(app.carried.van.length))),
    link("queue", _("Envois"), pending + refused + conflicts > 0 && h("span", { class: `count ${refused + conflicts ? "bad" : "busy"}` }, String(pending + refused + conflicts)))),
    !navigator.onLine && h("p", { class: "strip" }, badge("plain", _("hors réseau : tout reste sur ce téléphone"))),
    navigator.onLine && queue.problem.signedOut && pending > 0 && h("p", { class: "strip warn" },
      _("Votre connexion a pris fin ; en attente de votre mot de passe : {count}.", { count: pending }), " ",
      h("a", { href: "/sign-in?next=/field/" }, _("Se connecter"))),
    queue.problem.other && h("p", { class: "strip warn" },
      _("Ce téléphone garde du travail de {name} qui n'est pas envoyé : demandez-lui de se connecter ici d'abord.", { name: queue.problem.other })));
}

const SCREENS = { "": visitsScreen, visit: visitScreen, task: wizardScreen, queue: queueScreen, van: vanScreen };

async function show() {
  await header();
  const [, name = "", ...rest] = location.hash.split("/");
  const made = await (SCREENS[name] || visitsScreen)(app, ...rest);
  fill(screen, made);
}

async function refresh() {
  await header();
  const name = location.hash.split("/")[1] || "";
  if (name !== "task") await show();
}

/** What one technician downloaded is not for the next who signs in on the same phone. */
async function lookWhoIsHere() {
  const who = await whoami().catch((error) => { if (error instanceof Offline) return {}; throw error; });
  if (who.account && app.carried && who.account.id !== app.carried.account.id) {
    await forgetVisits(_("Ce téléphone portait les visites de {name} : elles sont effacées. Téléchargez les vôtres.", { name: app.carried.account.name }));
    await show();
  }
}

async function connect() {
  await lookAtStanding();
  await lookWhoIsHere();
  await queue.flush();
  try {
    await queue.follow();
    if (app.carried && (queue.problem.refused || Date.now() - app.carried.renewed > RENEW_EVERY)) {
      queue.problem.refused = false;
      await renew();
      await refresh();
    }
  } catch (error) {
    if (!(error instanceof Offline) && !(error instanceof SignedOut) && !(error instanceof Refused)) throw error;
  }
}

window.addEventListener("hashchange", async () => { await show(); window.scrollTo(0, 0); screen.focus({ preventScroll: true }); });
window.addEventListener("online", connect);
window.addEventListener("offline", header);
document.addEventListener("visibilitychange", () => { if (!document.hidden) connect(); });
navigator.serviceWorker?.addEventListener("message", (event) => { if (event.data === "send") connect(); });
queue.onChange(refresh);
setInterval(() => { if (!document.hidden && navigator.onLine) connect(); else lookAtStanding(); }, FOLLOW_EVERY);

(async () => {
  app.carried = (await vault.read("records", "carried")) || null;
  await speak(app.carried?.language || (navigator.language.startsWith("fr") ? "fr" : "en"));
  app.persisted = await (navigator.storage?.persisted?.() ?? false);
  await lookAtStanding();
  await show();
  document.documentElement.dataset.ready = "true";
  await navigator.serviceWorker?.register("/field/worker.js", { scope: "/field/" });
  if (navigator.onLine) connect();
})();
