// Runs before a codec, in a realm of its own: keeps what the answer is written with out of the codec's reach and takes
// away what a codec has no use for. The value of this script is the function that runs the codec.
(() => {
  const { stringify, parse } = JSON;
  const { isFinite, isNaN } = Number;
  const RealDate = Date;
  const text = String;
  for (const name of ["setTimeout", "clearTimeout", "__timer_manager", "Atomics", "SharedArrayBuffer", "WebAssembly"]) {
    globalThis[name] = undefined;
    delete globalThis[name];
  }
  // Makers leave their traces in; nobody listens.
  const quiet = () => {};
  globalThis.console = { log: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
  return (written, longest) => {
    let place = "";
    const finite = (key, value) => {
      if (typeof value === "number" && !isFinite(value)) {
        place = `${text(key)} = ${isNaN(value) ? "NaN" : text(value)}`;
        throw place;
      }
      return value;
    };
    try {
      if (typeof decodeUplink !== "function") return "function:";
      const input = parse(written);
      input.recvTime = new RealDate(input.recvTime);
      const output = decodeUplink(input);
      const answer = stringify([output.data, output.errors, output.warnings], finite);
      return answer.length > longest ? "long:" : "answer:" + answer;
    } catch (error) {
      if (place) return "number:" + place;
      return "error:" + text(error);
    }
  };
})()
