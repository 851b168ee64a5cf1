// Preloaded into a dcs: leaves the most memory that it ever held, in MB, in the file RSS_FILE.
import { writeFileSync } from 'node:fs';
import { peakMb } from '../../peak.ts';

process.on('exit', () => writeFileSync(process.env.RSS_FILE, String(peakMb())));
