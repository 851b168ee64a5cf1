import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HERE, run } from './world.mjs';

const WANTED = [
  'wrangler',
  '@dopplerhq/node-sdk',
  'ajv',
  'firebase-tools',
  'firebase-functions',
  '@google-cloud/secret-manager',
  '@googleapis/run',
  'google-auth-library',
  'neon',
  '@neon/sdk',
  '@neondatabase/serverless',
  '@octokit/rest',
  '@actions/core',
  '@slack/webhook',
  '@slack/web-api',
  '@pagerduty/pdjs',
  'nodemailer',
  'standardwebhooks',
  'jose',
  'firebase-admin',
];

/** The first run installs the vendors' clients, outside the workspace and without a lockfile. */
export async function install() {
  const there = await Promise.all(
    WANTED.map((name) =>
      access(join(HERE, 'node_modules', name, 'package.json')).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (there.every(Boolean)) return;
  const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--workspaces=false'];
  const ran = await run('npm', args, { env: process.env, cwd: HERE, timeout: 600_000 });
  if (ran.code !== 0) throw new Error(`npm install failed:\n${ran.err}`);
}
