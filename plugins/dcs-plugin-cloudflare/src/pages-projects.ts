import { path } from 'dcs-sdk';
import { asText, pages, type Api } from './api.ts';

/** Names of the account's Pages projects. */
export async function pagesProjects(api: Api, account: string): Promise<string[]> {
  const subject = `the Pages projects of account '${account}'`;
  // Pages refuses more a page: https://developers.cloudflare.com/api/, last verified 2026-11-21.
  const items = await pages(api, { method: 'GET', path: path`/accounts/${account}/pages/projects`, subject }, 10);
  return items.map((item) => asText(item['name'], subject)).toSorted();
}
