import { dopplerCli } from './doppler-cli.mjs';
import { install } from './install.mjs';
import { tally, write } from './report.mjs';

await install();
// Imported after the install: these load the installed clients.
const { wrangler } = await import('./wrangler.mjs');
const { dopplerSdk } = await import('./doppler-sdk.mjs');
const { firebaseTools } = await import('./firebase-tools.mjs');
const { firebaseFunctions } = await import('./firebase-functions.mjs');
const { googleAuth, googleRun, googleSecrets } = await import('./google-clients.mjs');
const { neonCli } = await import('./neon.mjs');
const { neonSdk, neonServerless } = await import('./neon-sdk.mjs');
const { actionsCore, octokit } = await import('./github.mjs');
const { nodemailer, pagerdutySdk, slackWebApi, slackWebhook, standardWebhooks } = await import('./inbox.mjs');
const { requests } = await import('./requests.mjs');

const records = [];
for (const client of [
  wrangler,
  dopplerSdk,
  dopplerCli,
  firebaseTools,
  firebaseFunctions,
  googleSecrets,
  googleRun,
  googleAuth,
  neonCli,
  neonSdk,
  neonServerless,
  octokit,
  actionsCore,
  slackWebhook,
  slackWebApi,
  pagerdutySdk,
  nodemailer,
  standardWebhooks,
  requests,
])
  records.push(await client());
await write(records);

for (const record of records)
  for (const { operation, result, remark } of record.rows)
    if (result !== 'same') console.log(`${result}: ${record.client}: ${operation}: ${remark}`);
const { same, differs, known, notRun } = tally(records);
console.log(`${same} passed, ${differs} failed, ${known + notRun} skipped`);
process.exitCode = differs === 0 ? 0 : 1;
