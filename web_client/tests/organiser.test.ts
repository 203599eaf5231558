import { describe, expect, it } from "vitest";
import { ApiError, HttpApi } from "../src/organiser/api.ts";
import { sitesIn, textOf } from "../src/organiser/csv.ts";
import {
  draftOf,
  emptyRow,
  faultOfServer,
  faultsOf,
  newForm,
  ofKind,
  withoutRow,
  withRow,
  withRows,
  type Form,
} from "../src/organiser/draft.ts";
import { takeOrganiser } from "../src/organiser/token.ts";

const NOW = new Date(2026, 10, 24, 14, 3);

const filled = (): Form => {
  let form = { ...newForm(NOW), title: " Chest pain " };
  form = withRow(form, 0, { name: "Zhengzhou" });
  return withRow(form, 1, { name: "Xixia County Hospital" });
};

describe("the organiser's link", () => {
  it("leaves the address at once, and the tab keeps its token", () => {
    const keep = window.sessionStorage;
    keep.clear();
    const at = (hash: string) => ({ hash, pathname: "/", search: "" }) as Location;
    const shown: string[] = [];
    const history = { replaceState: (_: unknown, __: string, url: string) => void shown.push(url) };
    expect(takeOrganiser(at(""), history as never, keep)).toBeUndefined();
    expect(takeOrganiser(at("#t=secret"), history as never, keep)).toBe("secret");
    expect(shown).toEqual(["/"]);
    expect(takeOrganiser(at(""), history as never, keep)).toBe("secret");
  });
});

describe("the form of a meeting", () => {
  it("begins now and lasts two hours", () => {
    expect(newForm(NOW)).toMatchObject({ starts: "2026-11-24T14:00", ends: "2026-11-24T16:00" });
  });

  it("gives each site an id from its name, once, and leaves a typed one alone", () => {
    let form = withRow(filled(), 0, { name: "西峡县人民医院" });
    expect(form.rows.map(({ site }) => site)).toEqual(["site-1", "xixia-county-hospital"]);
    form = withRows(form, [{ ...emptyRow("member"), name: "Xixia county hospital" }]);
    expect(form.rows.at(-1)?.site).toBe("xixia-county-hospital-2");
    form = withRow(form, 1, { site: "xx", siteTyped: true });
    form = withRow(form, 1, { name: "Other" });
    expect(form.rows[1]?.site).toBe("xx");
  });

  it("becomes a draft in seconds, without its empty rows", () => {
    const form = { ...filled(), rows: [...filled().rows, emptyRow("member")] };
    expect(faultsOf(form, NOW)).toEqual({});
    expect(draftOf(form)).toMatchObject({
      title: "Chest pain",
      startsAt: new Date(2026, 10, 24, 14).getTime() / 1000,
      sites: [
        { site: "zhengzhou", name: "Zhengzhou", role: "chair" },
        { site: "xixia-county-hospital", name: "Xixia County Hospital", role: "member" },
      ],
    });
  });

  it("says at each field what is wrong with it", () => {
    expect(faultsOf(newForm(NOW), NOW)).toEqual({ title: "missing", sites: "no-sites" });
    const late = { ...filled(), ends: "2026-11-24T13:00" };
    expect(faultsOf(late, NOW)).toEqual({ ends: "ends-before" });
    expect(faultsOf({ ...filled(), starts: "" }, NOW)).toHaveProperty("starts", "time");
    const named = { site: "a", siteTyped: true, role: "member" } as const;
    const twice = withRow(withRow(filled(), 0, named), 1, named);
    expect(faultsOf(twice, NOW)).toEqual({ "sites.0.site": "id-twice", "sites.1.site": "id-twice" });
    const encoder = { role: "encoder", label: "Ultrasound" } as const;
    expect(faultsOf(withRow(twice, 1, encoder), NOW)).toEqual({});
    expect(faultsOf({ ...filled(), ends: "2026-12-24T13:00" }, NOW)).toEqual({ ends: "long" });
    expect(faultsOf({ ...filled(), starts: "2028-01-01T13:00", ends: "2028-01-01T14:00" }, NOW)).toEqual({
      starts: "far",
    });
    expect(faultsOf(withRow(filled(), 1, { site: "a b", siteTyped: true }), NOW)).toEqual({
      "sites.1.site": "id-plain",
    });
  });

  it("has other roles in a broadcast", () => {
    const form = ofKind(filled(), "broadcast");
    expect(form.rows.map(({ role }) => role)).toEqual(["presenter", "member"]);
    expect(ofKind(form, "consultation").rows[0]?.role).toBe("chair");
  });

  it("shows what the server refused at its field, though empty rows stand before it", () => {
    const form = { ...filled(), rows: [emptyRow("member"), ...filled().rows] };
    expect(faultOfServer(form, "sites.1.role", "No such role.")).toEqual({
      "sites.2.role": { server: "No such role." },
    });
    expect(faultOfServer(form, "startsAt", "Too far away.")).toEqual({ starts: { server: "Too far away." } });
    expect(faultOfServer(form, undefined, "Full.")).toEqual({ "": { server: "Full." } });
    expect(withoutRow(form, 0).rows).toHaveLength(2);
  });
});

describe("a list of sites", () => {
  it("is read as a spreadsheet saves it", () => {
    const text =
      '\uFEFFname;site;role;profile\r\n"Zheng ""One""; east";zz1;Chair;\r\n西峡;xixia;;ultrasound\r\n\r\n';
    expect(sitesIn(text)).toEqual({
      faults: [],
      rows: [
        { name: 'Zheng "One"; east', site: "zz1", siteTyped: true, role: "chair" },
        { name: "西峡", site: "xixia", siteTyped: true, role: "member", profile: "ultrasound" },
      ],
    });
  });

  it("is read from a file of a Chinese Windows as from UTF-8", () => {
    // "a,西峡" in GB18030.
    const chinese = Uint8Array.from([0x61, 0x2c, 0xce, 0xf7, 0xcf, 0xbf]);
    expect(textOf(chinese.buffer)).toBe("a,西峡");
    expect(textOf(new TextEncoder().encode("a,西峡").buffer)).toBe("a,西峡");
  });

  it("has the separator that is most frequent in its first line, as for the command", () => {
    expect(sitesIn("\na,Ward 3; bed 4,guest").rows).toMatchObject([{ name: "Ward 3; bed 4", role: "guest" }]);
    expect(sitesIn('a;"B; C, D";guest;E').rows).toMatchObject([
      { name: "B; C, D", role: "guest", label: "E" },
    ]);
  });

  it("needs no headings", () => {
    expect(sitesIn("a,Site A,audience\nb,Site B").rows.map(({ site, role }) => [site, role])).toEqual([
      ["a", "audience"],
      ["b", "member"],
    ]);
  });

  it("says which line can't be read", () => {
    expect(sitesIn("site,name,role\na,,member\nb,B,boss\nc,C,member,,").faults).toEqual([
      { line: 2, what: "name", value: "" },
      { line: 3, what: "role", value: "boss" },
    ]);
  });
});

describe("the rooms' API", () => {
  const api = (status: number, body: unknown) =>
    new HttpApi("secret", () => Promise.resolve(new Response(JSON.stringify(body), { status })));

  it("carries the token where no log has it", async () => {
    const asked: [unknown, RequestInit | undefined][] = [];
    const fetching = (input: RequestInfo | URL, init?: RequestInit) => {
      asked.push([input, init]);
      return Promise.resolve(new Response('{"rooms": []}'));
    };
    expect(await new HttpApi("secret", fetching).rooms()).toEqual([]);
    expect(asked).toMatchObject([
      ["/api/rooms", { method: "GET", headers: { authorization: "Bearer secret" } }],
    ]);
  });

  it("gives the attendance of a room as it is", async () => {
    const asked: unknown[] = [];
    const fetching = ((path: string, request: RequestInit) => {
      asked.push(path, (request.headers as Record<string, string>)["authorization"]);
      return Promise.resolve(new Response("site,name\r\n"));
    }) as typeof fetch;
    expect(await new HttpApi("secret", fetching).attendance("r 1")).toBe("site,name\r\n");
    expect(asked).toEqual(["/api/rooms/r%201/attendance.csv", "Bearer secret"]);
  });

  it("tells a refusal with its field, a bad token, and a proxy's page", async () => {
    const refusal = async (status: number, body: unknown) => {
      const error = await api(status, body)
        .create(draftOf(filled()))
        .catch((reason: unknown) => reason);
      return error instanceof ApiError ? [error.code, error.field] : error;
    };
    expect(await refusal(400, { code: "invalid", message: "…", field: "title" })).toEqual([
      "invalid",
      "title",
    ]);
    expect(await refusal(401, { code: "token-expired", message: "…" })).toEqual(["token", undefined]);
    expect(await refusal(502, "<html>")).toEqual(["502", undefined]);
  });

  it("says when nobody answers", async () => {
    const cut = new HttpApi("secret", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(cut.rooms()).rejects.toMatchObject({ code: "unreachable" });
  });
});
