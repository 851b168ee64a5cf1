import type { Http, HttpOptions } from './http.ts';
export declare function createHttp(options: HttpOptions): Http;
export declare function path(strings: TemplateStringsArray, ...values: string[]): string;
