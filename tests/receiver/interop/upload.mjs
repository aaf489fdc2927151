// One volume by tus-js-client: node upload.mjs MODULE_FOLDER FILE ENDPOINT BEARER CHUNK; prints the receipt.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, file, endpoint, bearer, chunk] = process.argv.slice(2);
const tus = createRequire(folder + "/")("tus-js-client");
let receipt = null;
const upload = new tus.Upload(readFileSync(file), {
  endpoint,
  headers: { Authorization: bearer },
  chunkSize: chunk === "0" ? Infinity : Number(chunk),
  uploadDataDuringCreation: chunk !== "0",
  retryDelays: [0, 50, 100, 200, 400],
  onAfterResponse: (_, response) => {
    receipt = response.getHeader("Svidok-R1") ?? receipt;
  },
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(receipt),
});
upload.start();
