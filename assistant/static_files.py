"""Static files under hashed names, including the modules that a script imports."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class DeskStaticStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import "./x.js"` to the hashed name, so that a release never mixes old and new modules."""

    support_js_module_import_aggregation = True
