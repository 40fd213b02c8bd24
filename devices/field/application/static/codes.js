// What a code says, and whether the sensor it names may be used here: decided on the phone, from what it carries.
// The server decides the same again (devices/field/codes.py); both are held to the same examples.
import { _ } from "./words.js";

const DEV_EUI = /^[0-9A-Fa-f]{2}(?:([-:]?)[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){6}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export class Refused extends Error {}

/** Return the serial a code names; Refused with a sentence where it names no sensor. */
export function readCode(scanned) {
  const text = scanned.trim();
  if (/^LW:D[0-9]/i.test(text)) return tr005(text);
  if (text.includes("://")) throw new Refused(_("Ce code mène à une adresse web et non à un capteur ; scannez l'étiquette du capteur."));
  if (/^[0-9]{14}$/.test(text)) throw new Refused(_("Ce code a 14 chiffres : c'est un PRM ou un PCE, celui du compteur et non du capteur."));
  const serial = DEV_EUI.test(text) ? text.replace(/[-:]/g, "").toLowerCase() : text;
  if (!NAME.test(serial)) throw new Refused(_("« {code} » ne peut pas être un numéro de série ; scannez l'étiquette du capteur.", { code: text.slice(0, 40) }));
  return serial;
}

// LoRa Alliance TR005-1.0.0: LW:D0:JoinEUI:DevEUI:ProfileID[:O…][:S…][:P…][:C…]; empty extensions are ignored.
function tr005(text) {
  const parts = text.split(":");
  if (parts[1].toUpperCase() !== "D0") throw new Refused(_("Ce code LoRaWAN est de version {version} ; seule la version D0 est lue : tapez le DevEUI.", { version: parts[1].slice(0, 4) }));
  if (parts.length < 5) throw new Refused(_("Ce code LoRaWAN est incomplet ; nettoyez l'étiquette, ou tapez le DevEUI."));
  const [joinEui, devEui, profile, ...extensions] = parts.slice(2);
  if (!/^[0-9A-F]{16}$/i.test(joinEui) || !/^[0-9A-F]{16}$/i.test(devEui)) throw new Refused(_("Les identifiants de ce code n'ont pas 16 chiffres hexadécimaux ; tapez le DevEUI."));
  if (!/^[0-9A-F]{8}$/i.test(profile)) throw new Refused(_("Le profil de ce code n'a pas 8 chiffres hexadécimaux ; tapez le DevEUI."));
  if (extensions.some((one) => one && !/^[CSOP]/i.test(one))) throw new Refused(_("La fin de ce code LoRaWAN est illisible ; nettoyez l'étiquette, ou tapez le DevEUI."));
  return devEui.toLowerCase();
}

/** Return the device a serial names among those the phone carries, or null. */
export function deviceOf(carried, serial) {
  const row = carried.devices.find((one) => one[0] === serial);
  return row ? { serial: row[0], state: row[1], owner: row[2], model: row[3], point: row[4] } : null;
}

function pointName(carried, number) {
  for (const visit of carried.visits) {
    for (const task of visit.tasks) if (task.point.id === number) return `${task.point.building}, ${task.point.name}`;
  }
  return "";
}

/** Return the device to install on the point of `task`; Refused with its reason where it is the wrong one. */
export function toInstall(carried, task, scanned) {
  const serial = readCode(scanned);
  const device = deviceOf(carried, serial);
  if (!device) throw new Refused(_("Le capteur {serial} n'est pas des nôtres : il n'est pas enregistré. Vérifiez l'étiquette, ou prenez-en un autre.", { serial }));
  const refusals = {
    lost: _("Le capteur {serial} est déclaré perdu : rapportez-le à la SPL, ne le posez pas.", { serial }),
    retired: _("Le capteur {serial} est réformé : ne le posez pas, déposez-le au point de collecte.", { serial }),
    faulty: _("Le capteur {serial} est en panne : prenez-en un autre.", { serial }),
  };
  if (refusals[device.state]) throw new Refused(refusals[device.state]);
  if (device.state === "installed" || device.state === "commissioned") {
    const where = pointName(carried, device.point);
    throw new Refused(where
      ? _("Le capteur {serial} est déjà posé : {where}.", { serial, where })
      : _("Le capteur {serial} est déjà posé ailleurs, hors de vos visites.", { serial }));
  }
  if (device.owner !== null && device.owner !== task.point.holder) {
    throw new Refused(_("Le capteur {serial} appartient à une autre collectivité : prenez-en un de la SPL.", { serial }));
  }
  return device;
}

/** Return the serial of the device that stands on the point of `task`; Refused where another was scanned. */
export function inPlace(task, scanned) {
  const serial = readCode(scanned);
  if (!task.in_place.includes(serial)) {
    throw new Refused(_("Sur ce point est posé {found} et non {serial} ; vérifiez l'étiquette.", { found: task.in_place.join(", ") || "—", serial }));
  }
  return serial;
}

/** Return the device to take into the van; Refused with its reason where it cannot be. */
export function toLoad(carried, scanned) {
  const serial = readCode(scanned);
  const device = deviceOf(carried, serial);
  if (!device) throw new Refused(_("Le capteur {serial} n'est pas des nôtres : il n'est pas enregistré. Vérifiez l'étiquette, ou prenez-en un autre.", { serial }));
  if (carried.van.includes(serial)) throw new Refused(_("Le capteur {serial} est déjà dans votre tournée.", { serial }));
  if (device.state !== "stocked") {
    const words = { in_van: _("en tournée"), installed: _("posé"), commissioned: _("en service"), faulty: _("en panne"), lost: _("perdu"), retired: _("réformé") };
    throw new Refused(_("Le capteur {serial} n'est pas en stock mais « {state} ».", { serial, state: words[device.state] }));
  }
  return device;
}
