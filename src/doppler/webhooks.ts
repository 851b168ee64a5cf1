import type { DopplerWebhook, DopplerWebhooks } from 'dcs-sdk';
import type { DopplerSDK } from '@dopplerhq/node-sdk';
import { fieldsOf, listOf, malformed, optionalText, textOf } from './answers.ts';

/** The webhooks of one project: https://docs.doppler.com/reference/webhooks-list (last verified 2026-11-21). */
export function webhooksOf(api: DopplerSDK['webhooks'], project: string): DopplerWebhooks {
  const what = `the webhooks of ${project}`;
  const one = (body: unknown): DopplerWebhook => webhookOf(fieldsOf(fieldsOf(body, what)['webhook'], what), what);
  return {
    list: async () => listOf(await api.list({ project }), 'webhooks', what).map((item) => webhookOf(item, what)),
    async create({ url, secret, configs }) {
      return one(await api.add({ url, secret: secret.reveal(), enableConfigs: [...configs] }, { project }));
    },
    async change(id, { secret, enable = [], disable = [] }) {
      const body = {
        ...(secret === undefined ? {} : { secret: secret.reveal() }),
        ...(enable.length === 0 ? {} : { enableConfigs: [...enable] }),
        ...(disable.length === 0 ? {} : { disableConfigs: [...disable] }),
      };
      return one(await api.update(body, id, { project }));
    },
    turnOn: async (id) => one(await api.enable(id, { project })),
    async remove(id) {
      await api.delete(id, { project });
    },
  };
}

function webhookOf(item: Readonly<Record<string, unknown>>, what: string): DopplerWebhook {
  const { enabledConfigs: configs } = item;
  if (!Array.isArray(configs) || !configs.every((config) => typeof config === 'string')) throw malformed(what);
  return {
    id: optionalText(item, 'id') ?? textOf(item, 'slug', what),
    url: textOf(item, 'url', what),
    enabled: item['enabled'] !== false,
    configs,
  };
}
