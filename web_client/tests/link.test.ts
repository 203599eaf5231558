import { describe, expect, it } from "vitest";
import { claimsOf, keepResume, resumeOf, takeLink, type Keep } from "../src/link.ts";

/** `{"name":"Xixia 西峡"}` as the middle of a JWT. */
const TOKEN = `h.${btoa(String.fromCharCode(...new TextEncoder().encode('{"name":"Xixia 西峡"}')))}.s`;

function tab(): Keep & { readonly addresses: string[]; replaceState: History["replaceState"] } {
  const kept = new Map<string, string>();
  const addresses: string[] = [];
  return {
    addresses,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    replaceState: (_state, _title, url) => void addresses.push(String(url)),
  };
}

const at = (url: string): Location => new URL(url) as unknown as Location;

describe("the link", () => {
  it("gives up its token to the tab, and the address bar forgets it", () => {
    const t = tab();
    const link = takeLink(at(`http://localhost/room/demo#t=${TOKEN}`), t, t);
    expect(link).toEqual({ room: "demo", token: TOKEN, siteName: "Xixia 西峡", watchesOnly: false });
    expect(t.addresses).toEqual(["/room/demo"]);
    expect(takeLink(at("http://localhost/room/demo"), t, t)?.token).toBe(TOKEN);
  });

  it("is a start page without a room, and incomplete without a token", () => {
    const t = tab();
    expect(takeLink(at("http://localhost/"), t, t)).toBeUndefined();
    expect(takeLink(at("http://localhost/room/demo"), t, t)).toMatchObject({ room: "demo", siteName: "" });
  });

  it("is incomplete when its room cannot be read, and gives up its token all the same", () => {
    const t = tab();
    const link = takeLink(at(`http://localhost/room/%E0#t=${TOKEN}`), t, t);
    expect(link).toEqual({ room: "%E0", siteName: "", watchesOnly: false });
    expect(t.addresses).toEqual(["/room/%E0"]);
  });

  it("of an audience asks for no camera", () => {
    const t = tab();
    const token = `h.${btoa('{"name":"Ward","role":"audience"}')}.s`;
    expect(takeLink(at(`http://localhost/room/demo#t=${token}`), t, t)?.watchesOnly).toBe(true);
  });

  it("resumes after a reload, and not with another site's link", () => {
    const t = tab();
    takeLink(at(`http://localhost/room/demo#t=${TOKEN}`), t, t);
    keepResume("demo", "secret", t);
    takeLink(at("http://localhost/room/demo"), t, t);
    expect(resumeOf("demo", t)).toBe("secret");
    takeLink(at("http://localhost/room/demo#t=other"), t, t);
    expect(resumeOf("demo", t)).toBeUndefined();
  });

  it("shows no name where the token cannot be read", () => {
    for (const token of ["", "x", "a.b.c", `a.${btoa("null")}.c`, `a.${btoa('{"name":7}')}.c`]) {
      expect(claimsOf(token).name).toBe("");
    }
  });
});
