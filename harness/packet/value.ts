/** Field values and patterns: from what a person writes, and back. */
export { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./address.js";
export { type Plain, describeFieldValue, formatFieldValue, parseFieldValue, show } from "./field-value.js";
export { formatPattern, matchPattern, parsePattern, sameValue } from "./pattern.js";
