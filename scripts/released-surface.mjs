// Part of `npm run version-packages`: from here on test/command-surface.test.ts measures breaks against this release.
import { copyFileSync } from 'node:fs';

copyFileSync(new URL('../test/command-surface.json', import.meta.url), new URL('../test/released-surface.json', import.meta.url));
