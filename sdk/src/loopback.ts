/** This machine. `127.example.org` is not: the URL parser has made every real IPv4 address four numbers. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
