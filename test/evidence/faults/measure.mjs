// Preloaded into a dcs: leaves the most memory that it ever held, in MB, in the file RSS_FILE.
import { writeFileSync } from 'node:fs';

process.on('exit', () => writeFileSync(process.env.RSS_FILE, String(process.resourceUsage().maxRSS / 1024)));
