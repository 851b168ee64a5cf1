import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { applyEdits } from 'dcs-sdk/rewrite';
import firebase from '../../plugins/dcs-plugin-firebase/src/adapter.ts';
import { readIfThere } from '../../src/files.ts';
import { parseModule } from '../../src/runtime/source-module.ts';

const edited = async (text: string, keys = ['KEY'], file = 'functions/src/index.ts'): Promise<string> => {
  const after = applyEdits(text, firebase.edit(await parseModule(file, text, undefined), keys));
  expect(firebase.added(await parseModule(file, after, undefined)), after).to.equal(true);
  return after;
};
const failing = async (run: Promise<unknown>): Promise<string> => {
  try {
    return `no failure: ${String(await run)}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('dcs runtime add firebase: shapes of functions', () => {
  const HTTPS = "import { onRequest, onCall } from 'firebase-functions/v2/https';\n";
  const WITH = "withSecrets({ keys: ['KEY'] }, ";
  const shapes: readonly (readonly [name: string, before: string, after: string])[] = [
    [
      'no options',
      `${HTTPS}export const a = onRequest((req, res) => { res.send(process.env.KEY); });\n`,
      `${HTTPS}import { withSecrets } from 'dcs-runtime/firebase';\nexport const a = onRequest({ secrets: ['DOPPLER_TOKEN'] }, ${WITH}(req, res, secrets) => { res.send(secrets.KEY); }));\n`,
    ],
    [
      'options, an async handler without parentheses, a callable',
      `${HTTPS}export const a = onCall({ region: 'x' }, async request => process.env['KEY']);\n`,
      `${HTTPS}import { withSecretsCallable } from 'dcs-runtime/firebase';\nexport const a = onCall({ secrets: ['DOPPLER_TOKEN'], region: 'x' }, withSecretsCallable({ keys: ['KEY'] }, async (request, secrets) => secrets['KEY']));\n`,
    ],
    [
      'secrets that are bound already, and a function that reads none',
      `${HTTPS}export const a = onCall({ secrets: [other] }, () => process.env.KEY!);\nexport const b = onCall(() => process.env.REGION);\n`,
      `${HTTPS}import { withSecretsCallable } from 'dcs-runtime/firebase';\nexport const a = onCall({ secrets: ['DOPPLER_TOKEN', other] }, withSecretsCallable({ keys: ['KEY'] }, (_request, secrets) => secrets.KEY!));\nexport const b = onCall(() => process.env.REGION);\n`,
    ],
    [
      'an event, options elsewhere, the first generation',
      "const functions = require('firebase-functions/v1');\nexports.a = functions.pubsub.schedule('every day').onRun((context) => process.env.KEY);\nexports.b = functions.https.onCall((data, context) => process.env.KEY);\nbus.onCall(() => process.env.KEY);\n",
      "const functions = require('firebase-functions/v1');\nconst { withSecretsEvent, withSecretsCallable } = require('dcs-runtime/firebase');\nexports.a = functions.pubsub.schedule('every day').onRun(withSecretsEvent({ keys: ['KEY'] }, (context, secrets) => secrets.KEY));\nexports.b = functions.https.onCall(withSecretsCallable({ keys: ['KEY'] }, (data, secrets, context) => secrets.KEY));\nbus.onCall(() => process.env.KEY);\n",
    ],
    [
      'each function its own keys',
      `${HTTPS}export const a = onRequest({}, (req, res) => res.send(process.env.B + process.env.KEY));\nexport const b = onRequest(options, function (req, res) { res.send(process.env.B); });\n`,
      `${HTTPS}import { withSecrets } from 'dcs-runtime/firebase';\nexport const a = onRequest({ secrets: ['DOPPLER_TOKEN'] }, withSecrets({ keys: ['B', 'KEY'] }, (req, res, secrets) => res.send(secrets.B + secrets.KEY)));\nexport const b = onRequest(options, withSecrets({ keys: ['B'] }, function (req, res, secrets) { res.send(secrets.B); }));\n`,
    ],
  ];
  for (const [name, before, after] of shapes)
    it(name, async () => {
      expect(await edited(before, ['KEY', 'B'])).to.equal(after);
    });

  it('says when no function reads them', async () => {
    expect(await failing(edited(`${HTTPS}const key = process.env.KEY; export const a = onRequest(app);`))).to.equal(
      'No function in functions/src/index.ts reads KEY.',
    );
  });

  it('finds the module by firebase.json and package.json', async () => {
    const folders: string[] = [];
    const entry = async (files: Record<string, string>): Promise<string> => {
      const root = await mkdtemp(join(tmpdir(), 'dcs-firebase-'));
      folders.push(root);
      for (const [name, text] of Object.entries({ '.git/HEAD': '', ...files })) {
        await mkdir(join(root, dirname(name)), { recursive: true });
        await writeFile(join(root, name), text);
      }
      return (await firebase.entry({ root, env: {}, read: async (path) => readIfThere(join(root, path)) })).file;
    };
    const pkg = { 'functions/package.json': '{"main": "lib/index.js"}' };
    expect(
      await entry({ 'firebase.json': '{"functions": {}}', ...pkg, 'functions/src/index.ts': '', 'functions/lib/index.js': '' }),
    ).to.equal('functions/src/index.ts');
    expect(await entry({ 'firebase.json': '{"functions": [{"source": "api"}, {"source": "b"}]}', 'api/index.js': '' })).to.equal(
      'api/index.js',
    );
    expect(await failing(entry({ 'firebase.json': '{"hosting": {}}' }))).to.equal('There are no functions in a firebase.json here.');
    expect(await failing(entry({}))).to.equal('There are no functions in a firebase.json here.');
    expect(await failing(entry({ 'firebase.json': '{' }))).to.contain('firebase.json cannot be read');
    expect(await failing(entry({ 'firebase.json': '{"functions": {}}', 'functions/package.json': '{' }))).to.equal(
      'functions/package.json is not valid JSON.',
    );
    expect(await failing(entry({ 'firebase.json': '{"functions": {}}', ...pkg }))).to.equal('There is no module in functions.');
    for (const folder of folders) await rm(folder, { recursive: true });
  });
});
