import { parseIpv4, parseIpv6, parseMac } from "../packet/address.js";
import { type Decoder, annotated, refined } from "./decoder.js";
import { attempt } from "./plain.js";
import { word } from "./scalars.js";

/** A MAC address, as six bytes with colons. */
export const mac: Decoder<string> = annotated(
  refined(word("a MAC address"), (value, node, report) =>
    attempt(node, report, () => {
      parseMac(value);
      return value.toLowerCase().replaceAll("-", ":");
    }),
  ),
  { type: "string", examples: ["02:00:00:00:00:01"] },
);

/** An IPv4 or IPv6 address. */
export const address: Decoder<string> = refined(word("an address"), (value, node, report) =>
  attempt(node, report, () => {
    parse(value);
    return value;
  }),
);

/** An address with the length of its network's prefix. */
export const addressWithPrefix: Decoder<string> = refined(
  word("an address with prefix length"),
  (value, node, report) => {
    const [host = "", length, ...rest] = value.split("/");
    return attempt(node, report, () => {
      const bits = parse(host).length * 8;
      if (length === undefined) {
        return report(node.span, `'${value}' has no prefix length`, `write ${value}/${bits === 32 ? 24 : 64}`);
      }
      const fits = rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits;
      return fits
        ? value
        : report(node.span, `'/${[length, ...rest].join("/")}' is not a prefix length`, `from /0 to /${bits}`);
    });
  },
);

/** Where a route leads: `default`, a network, or one address. */
export const destination: Decoder<string> = refined(word("a network, as 10.0.0.0/24"), (value, node, report) => {
  if (value === "default") return value;
  return (value.includes("/") ? addressWithPrefix : address).decode(node, report);
});

function parse(text: string): Uint8Array {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** True for the text of an IPv6 address that is known to be an address. */
export function isIpv6(text: string): boolean {
  return text.includes(":");
}
