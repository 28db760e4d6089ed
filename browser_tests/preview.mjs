// node browser_tests/preview.mjs [number of mirrors]: serves the site with sample data, to look at it.

import { serveSite } from "./site.mjs";
import { largeDocument, sampleDocument } from "./status_documents.mjs";

const count = Number(process.argv[2] ?? 0);
const site = await serveSite(count > 0 ? largeDocument(count, Date.now()) : sampleDocument(Date.now()));
console.log(`${site.origin}/mirror.html`);
