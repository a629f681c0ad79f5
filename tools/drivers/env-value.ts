const SECRET_NAME = /pass|passwd|pwd|secret|token|key|credential|auth|cookie|salt/i;
/** An address, a number, a switch, or a plain name. */
const HARMLESS = /^(?:[a-z][a-z0-9+.-]{1,20}:\/\/)?[A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:\/[\w./-]{0,80})?$/;

/**
 * The value of an environment variable where it can be an address, a number or a switch and its name speaks of no secret;
 * else null, so that no secret that someone wrote into a manifest goes further than the driver.
 */
export function envValue(name: string, value: string): string | null {
  if (SECRET_NAME.test(name) || value.length > 260) return null;
  return HARMLESS.test(value) ? value : null;
}
