export * from 'dcs-runtime/cloudflare';
