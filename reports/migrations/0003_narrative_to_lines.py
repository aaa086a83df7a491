import re

from django.db import migrations


def to_lines(apps, schema_editor):
    """Each paragraph of a narrative becomes a line of the main results, for the version that said it."""
    ReportVersion = apps.get_model("reports", "ReportVersion")
    SectionLine = apps.get_model("reports", "SectionLine")
    lines = []
    for version in ReportVersion.objects.exclude(narrative="").iterator():
        paragraphs = [text.strip() for text in re.split(r"\n\s*\n", version.narrative)]
        for n, text in enumerate(filter(None, paragraphs), start=1):
            lines.append(
                SectionLine(
                    version=version,
                    section="results",
                    key=f"narrative-{n}",
                    text=text,
                    updated_by_id=version.submitted_by_id or version.opened_by_id,
                    updated_at=version.submitted_at or version.opened_at,
                )
            )
    SectionLine.objects.bulk_create(lines)


def to_narrative(apps, schema_editor):
    ReportVersion = apps.get_model("reports", "ReportVersion")
    SectionLine = apps.get_model("reports", "SectionLine")
    texts = {}
    for line in SectionLine.objects.filter(section="results", removed=False).exclude(kind="nothing").order_by("pk"):
        texts.setdefault(line.version_id, []).append(line.text)
    for version_id, parts in texts.items():
        ReportVersion.objects.filter(pk=version_id).update(narrative="\n\n".join(parts))


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_writing")]
    operations = [migrations.RunPython(to_lines, to_narrative)]
