// What the phone carries changes as work is done, before the server knows of it: the same change is made again after
// each download for everything that still waits.

/** Make the change that one submission will make. */
export function apply(carried, item) {
  const visit = carried.visits.find((one) => one.id === item.visit);
  const task = visit?.tasks.find((one) => one.id === item.task);
  const { said } = item;
  const becomes = (serial, word, point = null) => {
    const row = carried.devices.find((one) => one[0] === serial);
    if (row) { row[1] = word; row[4] = point; }
    carried.van = carried.van.filter((one) => one !== serial);
    if (word === "in_van") carried.van.push(serial);
  };
  const changes = {
    load: () => becomes(said.serial, "in_van"),
    unload: () => becomes(said.serial, "stocked"),
    start: () => { if (visit) visit.state = "started"; },
    close: () => { if (visit) visit.state = "closed"; },
    install: () => { becomes(said.serial, "installed", task?.point.id); if (task) task.in_place = [said.serial]; },
    swap: () => {
      becomes(said.old, said.old_becomes);
      becomes(said.serial, "installed", task?.point.id);
      if (task) task.in_place = [said.serial];
    },
    meter: () => {},
    removal: () => { becomes(said.serial, said.becomes); if (task) task.in_place = []; },
    undo: () => {},
  };
  changes[item.kind]();
  if (task) task.done = item.kind !== "undo";
}
