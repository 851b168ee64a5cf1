import { syncCommand } from 'dcs-sdk/command';

export default syncCommand('cloudflare', 'Cloudflare Workers');
