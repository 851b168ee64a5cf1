import { syncCommand } from 'dcs-sdk/command';

export default syncCommand('template', 'Template Cloud');
