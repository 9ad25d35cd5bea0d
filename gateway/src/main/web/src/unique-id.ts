/** 128 random bits in hexadecimal. `crypto.randomUUID` would be shorter, but exists only on https and localhost. */
export function uniqueId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
