package io.eventfdd.server.config;

import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The file of settings: YAML with one key in each line. Each value is taken as the text that is
 * written there, because YAML itself would read {@code 0660} as octal and {@code on} as true.
 */
final class SettingsFile {
    private SettingsFile() {}

    static Map<String, String> read(Path file) throws InvalidSetting {
        Object content;
        try {
            content = yaml().load(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new InvalidSetting("cannot read " + file + ": it is not in UTF-8");
        } catch (IOException | YAMLException e) {
            var message = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\n\\s*", "; ");
            throw new InvalidSetting("cannot read " + file + ": " + message);
        }
        var settings = new HashMap<String, String>();
        if (content == null || "".equals(content)) {
            return settings;
        }
        if (!(content instanceof Map<?, ?> map)) {
            throw new InvalidSetting(
                    "cannot read " + file + ": it is not a list of settings (key: value)");
        }
        for (var entry : map.entrySet()) {
            if (!(entry.getValue() instanceof String value)) {
                throw new InvalidSetting(file + ": " + entry.getKey() + ": it has no single value");
            }
            settings.put(String.valueOf(entry.getKey()), value);
        }
        return settings;
    }

    private static Yaml yaml() {
        var loading = new LoaderOptions();
        loading.setAllowDuplicateKeys(false);
        var dumping = new DumperOptions();
        return new Yaml(
                new SafeConstructor(loading),
                new Representer(dumping),
                dumping,
                loading,
                new TextOnly());
    }

    /** A resolver that takes all scalars as text. */
    private static final class TextOnly extends Resolver {
        @Override
        protected void addImplicitResolvers() {}
    }
}
